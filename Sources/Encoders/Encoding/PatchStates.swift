import Synchronization

/// What each patch of a whole image says by itself at the end of the vision tower, in the space of the embeddings:
/// `[patches, dimension]`, row-major, not normalised.
package struct PatchStates: Sendable, Equatable {
    package let values: [Float]
    package let dimension: Int

    package init(values: [Float], dimension: Int) {
        self.values = values
        self.dimension = dimension
    }

    package var patches: Int { values.count / max(dimension, 1) }

    /// Memory held, in bytes.
    package var bytes: Int { 4 * values.count }
}

/// Takes the patch states of the item it goes with, while that is encoded.
package final class PatchStatesSink: Sendable {
    private let taken = Mutex<PatchStates?>(nil)

    package init() {}

    package var states: PatchStates? { taken.withLock { $0 } }

    func take(_ states: PatchStates) { taken.withLock { $0 = states } }
}
