/// Collects the tokens of a text and makes the sequence that the model gets.
struct SequenceBuilder {
    /// How many tokens have room between the special ones.
    private let capacity: Int
    private var ids: [Int] = []
    private var tokens: [String] = []
    private var offsets: [Range<Int>] = []

    init(capacity: Int) { self.capacity = capacity }

    /// More tokens than have room were given; what follows them changes nothing.
    var isOverfull: Bool { ids.count > capacity }

    /// How many tokens more make the sequence overfull.
    var room: Int { max(0, capacity + 1 - ids.count) }

    mutating func append(id: Int, token: String, source: Range<Int>) {
        ids.append(id)
        tokens.append(token)
        offsets.append(source)
    }

    /// The id of the last token that has room.
    var lastId: Int? { isOverfull ? ids[capacity - 1] : ids.last }

    /// Truncates, adds the special tokens and pads to `positions`.
    func finish(
        text: String, positions: Int, special: SpecialTokens, padding: Padding?, players: PlayerRule
    ) -> Tokenization {
        let kept = min(ids.count, capacity)
        var before = special.before
        var after = special.after
        if let padding {
            let missing = max(0, positions - kept - special.count)
            let pads = repeatElement(padding.token, count: missing)
            if padding.side == .left { before = pads + before } else { after += pads }
        }
        let allIds = before.map(\.id) + ids.prefix(kept) + after.map(\.id)
        let none = 0..<0
        return Tokenization(
            text: text, ids: allIds, tokens: before.map(\.token) + tokens.prefix(kept) + after.map(\.token),
            offsets: before.map { _ in none } + offsets.prefix(kept) + after.map { _ in none },
            playerPositions: players.positions(in: allIds, after: before.count), truncated: isOverfull)
    }
}
