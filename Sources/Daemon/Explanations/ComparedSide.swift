import Interactions

extension ComparisonSide {
    /// Text players belong to the word of the caption that they begin in; the captions of a sum count as one.
    /// - Throws: `ParameterError` on `explanations` where it is not of one image.
    init(_ explanation: Explanation, _ estimate: InteractionValues, _ turn: WorkTurn) throws {
        try turn.check()
        guard let image = explanation.inputs[0].image, explanation.images.count == 1 else {
            throw ParameterError(
                "explanations",
                "must be of one image each, with texts or a target: there is no grid or wording in common otherwise")
        }
        let caption = JoinedCaptions(explanation)
        let scalars = Array(caption.text.unicodeScalars)
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
        let wordOfPlayer = caption.words.map { player in
            words.firstIndex { $0.range.upperBound > player.range.lowerBound } ?? max(0, words.count - 1)
        }
        self.init(
            values: estimate, image: image.players, words: words.map(\.text), wordOfPlayer: wordOfPlayer)
    }
}
