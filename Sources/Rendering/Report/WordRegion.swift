/// The patches that a word has its meaning from, and the colour that links the two.
package struct WordRegion: Sendable, Equatable {
    /// The text player.
    package var word: Int
    /// Image players, ascending.
    package var patches: [Int]
    /// Which of the colours for regions.
    package var color: Int

    /// How many words are linked to a region: more cannot be told apart at a glance.
    static let most = 3
    /// A patch belongs to a word's region from this share of the word's strongest pair on.
    private static let leastShare = 0.45
    /// A word has a region if its weight is at least this share of the largest.
    private static let leastWord = 0.25
}

extension WordRegion {
    /// Regions of the words that raise the match most, by their positive pairs that stand clear of their errors; in
    /// the caption's order.
    package static func strongest(in picture: Picture) -> [WordRegion] {
        guard picture.estimate.pairs != nil else { return [] }
        let candidates = picture.wordPlayers.compactMap {
            word -> (word: Int, patches: [Int], weight: Double)? in
            let pairs = picture.patchPlayers.map { picture.pair($0, word) }
            let peak = pairs.filter(\.isClear).map(\.value).max() ?? 0
            guard peak > 0, picture.reading(word).value > 0 else { return nil }
            let patches = picture.patchPlayers.filter { pairs[$0].isClear && pairs[$0].value >= leastShare * peak }
            return (word, patches, picture.reading(word).value)
        }
        let heaviest = candidates.map(\.weight).max() ?? 0
        let strongest = candidates.filter { $0.weight >= leastWord * heaviest }
            .sorted { $0.weight != $1.weight ? $0.weight > $1.weight : $0.word < $1.word }.prefix(most)
        // Colours go by place in the caption, so that a word has its own in two explanations side by side.
        let inOrder = strongest.sorted { $0.word < $1.word }
        return inOrder.enumerated().map { WordRegion(word: $1.word, patches: $1.patches, color: $0) }
    }
}

extension Measured {
    /// Whether the value is at least twice its error.
    var isClear: Bool { abs(value) >= 2 * (error ?? 0) }
}
