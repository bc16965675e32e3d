import Foundation

/// The memory that games and open explanations may take: what explanations hold besides their games, and what is set
/// aside for masks that are being encoded.
struct GameBudget {
    let limit: Int
    /// Bytes set aside for masks that are being encoded.
    var reserved = 0
    /// Bytes that open explanations hold besides their games.
    var explanationBytes = 0
    /// Whether it was told that open explanations fill the memory; it is told again once they have left half of it.
    private var isFull = false

    init(limit: Int) { self.limit = limit }

    enum Room: Equatable {
        case free
        /// Only what others have set aside is in the way.
        case afterOthers
        case none
    }

    /// Whether `bytes` more fit beside games and explanations of `total` bytes.
    mutating func room(for bytes: Int, beside total: Int) -> Room {
        if 2 * total <= limit { isFull = false }
        if total + reserved + bytes <= limit { return .free }
        return total + bytes <= limit ? .afterOthers : .none
    }

    /// The error of what finds no room beside open explanations.
    func refusal(of subject: String, _ bytes: Int, beside total: Int, advice: String) -> ApplicationError {
        ApplicationError(
            .memoryLimit,
            "\(subject) \(mebibytes(bytes)), but open explanations already hold \(mebibytes(total)) of \(mebibytes(limit)): "
                + "\(advice) or start the daemon with a larger --game-memory")
    }

    /// Whether to tell that open explanations are in the way of others: once, not for each request that is refused. One
    /// that would not fit beside little is told so by its error alone.
    mutating func isToBeTold(beside total: Int) -> Bool {
        guard !isFull, 2 * total > limit else { return false }
        isFull = true
        return true
    }
}

/// As the options give it, to a tenth: an explanation of a small model needs less than one.
func mebibytes(_ bytes: Int) -> String {
    String(format: bytes % (1 << 20) == 0 ? "%.0f MiB" : "%.1f MiB", Double(bytes) / Double(1 << 20))
}
