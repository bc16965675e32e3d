import Interactions

extension ComparisonSide {
    /// Text players belong to the word of the caption that they begin in.
    init(_ explanation: Explanation, _ estimate: InteractionValues, _ turn: WorkTurn) throws {
        try turn.check()
        let scalars = Array(explanation.caption.unicodeScalars)
        var words: [(text: String, range: Range<Int>)] = []
        var start: Int?
        for index in 0...scalars.count {
            let isBlank = index == scalars.count || scalars[index].properties.isWhitespace
            if isBlank, let begun = start {
                words.append((String(String.UnicodeScalarView(scalars[begun..<index])), begun..<index))
                start = nil
            } else if !isBlank, start == nil {
                start = index
            }
        }
        let wordOfPlayer = explanation.words.map { player in
            words.firstIndex { $0.range.upperBound > player.range.lowerBound } ?? max(0, words.count - 1)
        }
        self.init(
            values: estimate, image: explanation.imagePlayers, words: words.map(\.text), wordOfPlayer: wordOfPlayer)
    }
}
