import Synchronization
import Tensors

/// The first states of images of the mean colour, which absent patches have: one for each grid, shared by all images.
final class AbsentStates: Sendable {
    private let embedding: PatchEmbedding
    private let patchSize: Int
    /// The most recently used last.
    private let known = Mutex<[(grid: PatchGrid, states: TokenStates)]>([])
    /// Grids whose states are kept.
    private static let most = 8

    init(_ embedding: PatchEmbedding, patchSize: Int) {
        self.embedding = embedding
        self.patchSize = patchSize
    }

    /// Computed on the calling thread where they are not known.
    func states(_ context: ComputeContext, _ grid: PatchGrid) throws(TensorError) -> TokenStates {
        let found = known.withLock { known -> TokenStates? in
            guard let place = known.firstIndex(where: { $0.grid == grid }) else { return nil }
            let entry = known.remove(at: place)
            known.append(entry)
            return entry.states
        }
        if let found { return found }
        let made = try embedding(context, .absent(grid, patchSize: patchSize))
        known.withLock { known in
            guard !known.contains(where: { $0.grid == grid }) else { return }
            if known.count == Self.most { known.removeFirst() }
            known.append((grid, made))
        }
        return made
    }
}
