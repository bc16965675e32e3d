/// A text as the model gets it.
///
/// `ids`, `tokens` and `offsets` have one element per position of the sequence, special and padding tokens included.
package struct Tokenization: Sendable, Equatable {
    /// The text that was given, unchanged.
    package let text: String
    package let ids: [Int]
    /// Tokens as the vocabulary spells them, for example `dog</w>` or `▁dog`.
    package let tokens: [String]
    /// The range of `text`, in Unicode scalars, that each token stands for.
    ///
    /// Whatever normalisation did is undone: an accent that was composed belongs to its letter, a token of some bytes
    /// of a character has the whole character. Tokens that stand for no text (beginning, end, padding) have `0..<0`.
    package let offsets: [Range<Int>]
    /// The positions that are players of a game on this text, ascending (method: tokens between the special ones).
    package let playerPositions: [Int]
    /// Whether tokens were cut off because the model has too few positions.
    package let truncated: Bool

    package init(
        text: String, ids: [Int], tokens: [String], offsets: [Range<Int>], playerPositions: [Int], truncated: Bool
    ) {
        self.text = text
        self.ids = ids
        self.tokens = tokens
        self.offsets = offsets
        self.playerPositions = playerPositions
        self.truncated = truncated
    }

    /// The players where each token is one.
    package var players: [TextPlayer] {
        playerPositions.map { position in
            TextPlayer(
                token: tokens[position], start: offsets[position].lowerBound, end: offsets[position].upperBound,
                ids: [ids[position]], positions: [position])
        }
    }
}

/// A player of a game on a text: one token, or the tokens that are present and absent together.
package struct TextPlayer: Sendable, Equatable {
    /// The token, or the part of the text that the player's tokens stand for.
    package let token: String
    /// The first Unicode scalar of the text that belongs to this player.
    package let start: Int
    /// One past the last Unicode scalar of the text that belongs to this player.
    package let end: Int
    package let ids: [Int]
    /// The player's positions in the token sequence, ascending.
    package let positions: [Int]

    package init(token: String, start: Int, end: Int, ids: [Int], positions: [Int]) {
        self.token = token
        self.start = start
        self.end = end
        self.ids = ids
        self.positions = positions
    }
}
