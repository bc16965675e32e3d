/// The memory that a model takes, by its sizes alone: what is asked before anything is allocated for it.
///
/// A configuration may name any size, and a sparse weight file of that size costs nothing on the disk. Sums are
/// `Double`, since products of such sizes go beyond 64-bit integers.
package struct MemoryNeed: Sendable {
    /// The packed matrices of both towers.
    let matrices: Double
    /// Position tables, and the first states of an image without patches.
    let tables: Double
    /// What loading takes beside them at its peak: the largest tensor as f32 and packed, on both threads that load.
    let loading: Double
    /// What one image in hand takes: its pixels, patches and first states.
    let image: Double
    /// What one text in hand takes.
    let text: Double
    /// What one compute thread takes.
    let workspace: Double

    /// What it comes to with one image, one text, and `threads` compute threads.
    func total(threads: Int) -> Double {
        matrices + tables + max(loading, image + text + workspace * Double(threads))
    }
}
