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
    /// Of one image in hand: its pixels, patches and first states.
    let image: Double
    /// Of one text in hand.
    let text: Double
    /// Of one compute thread.
    let workspace: Double

    /// With one image, one text, and `threads` compute threads.
    func total(threads: Int) -> Double {
        matrices + tables + max(loading, image + text + workspace * Double(threads))
    }
}
