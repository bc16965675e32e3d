/// The text players of a game: groups of tokens.
///
/// Tokens are the maskable ones, numbered in order; special tokens are not counted and always present. A text without
/// any has no players, and only the image's interactions with it can be explained.
package struct TextPlayers: Sendable, Hashable {
    package let tokens: Int
    /// The tokens of each player, ascending.
    package let groups: [[Int]]

    package var count: Int { groups.count }

    /// One player per token.
    package init(tokens: Int) throws(InteractionError) {
        try self.init(tokens: tokens, groups: (0..<max(tokens, 0)).map { [$0] })
    }

    /// One player per group (words, or spans); every token belongs to exactly one.
    ///
    /// - Throws: ``InteractionError/invalidPlayers(_:)`` that names the token or the group at fault.
    package init(tokens: Int, groups: [[Int]]) throws(InteractionError) {
        guard tokens >= 0 else { throw .invalidPlayers("a text cannot have \(tokens) tokens") }
        var owner = [Int?](repeating: nil, count: tokens)
        for (player, group) in groups.enumerated() {
            guard !group.isEmpty else { throw .invalidPlayers("text player \(player) has no tokens") }
            for token in group {
                guard token >= 0, token < tokens else {
                    throw .invalidPlayers(
                        "text player \(player) names token \(token), but the text has \(tokens) tokens")
                }
                if let other = owner[token] {
                    throw .invalidPlayers(
                        "token \(token) belongs to the text players \(other) and \(player); spans must not overlap")
                }
                owner[token] = player
            }
        }
        if let free = owner.firstIndex(where: { $0 == nil }) {
            throw .invalidPlayers("token \(free) belongs to no text player; spans must cover the whole text")
        }
        self.tokens = tokens
        self.groups = groups.map { $0.sorted() }
    }

    /// One byte per token, 1 = present, for a coalition of players.
    ///
    /// - Precondition: `coalition.count == count`.
    package func tokenPresence(_ coalition: Coalition) -> [UInt8] {
        precondition(coalition.count == count, "\(coalition.count) players instead of \(count)")
        var result = [UInt8](repeating: 0, count: tokens)
        for player in coalition.members {
            for token in groups[player] { result[token] = 1 }
        }
        return result
    }
}
