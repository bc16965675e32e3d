import Synchronization

/// The tokens of pieces seen before. Shared by all threads that use a tokenizer.
final class PieceCache: Sendable {
    /// Longer pieces are not kept, so that a few texts cannot fill the memory.
    static let longestPiece = 40
    private static let capacity = 16_384

    private let tokens = Mutex<[[Unicode.Scalar]: [PieceToken]]>([:])

    subscript(piece: [Unicode.Scalar]) -> [PieceToken]? {
        get { tokens.withLock { $0[piece] } }
        set {
            tokens.withLock { known in
                if known.count >= Self.capacity { known.removeAll(keepingCapacity: true) }
                known[piece] = newValue
            }
        }
    }
}
