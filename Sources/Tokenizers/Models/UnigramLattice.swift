/// The segmentation of a text into tokens whose scores add up to the most (Viterbi's algorithm), as the unigram models
/// of SentencePiece and Hugging Face `tokenizers` find it.
///
/// The text is read once from its beginning. Wherever no token that begins earlier reaches over a place, all
/// segmentations meet there; the best one up to it is final and given out, so that the rest of a long text needs no
/// look where the first tokens are wanted.
struct UnigramLattice: Sendable {
    /// What a character without a token costs beyond the least likely token (SentencePiece's `kUnkPenalty`).
    static let unknownPenalty = 10.0
    /// The score of a token that is never found in a text.
    static let neverUsed = -Double.infinity

    /// The numbers in which scores are added up, which decides between segmentations that are nearly equal.
    enum Precision: Sendable {
        /// libsentencepiece
        case single
        /// Hugging Face `tokenizers`
        case double
    }

    let vocabulary: Vocabulary
    /// Log probabilities by id.
    let scores: [Double]
    let unknownScore: Double
    let precision: Precision

    private struct Step {
        var score = 0.0
        /// -1 where nothing ends here.
        var start = -1
        /// nil for a character without a token.
        var id: Int?
    }

    /// Calls `body` with the tokens of a text in UTF-8, in order: their ids, nil for a character without a token, and
    /// their places. Ends when it returns false.
    func forEachToken(
        in bytes: [UInt8], checkpoint: Checkpoint, _ body: (_ id: Int?, _ bytes: Range<Int>) -> Bool
    ) throws(CancellationError) {
        /// The best last steps to the places from `origin` on.
        var steps = [Step()]
        /// All segmentations meet here.
        var origin = 0
        /// The furthest place that a token reaches.
        var reach = 0
        var start = 0
        var work = 0

        func offer(_ length: Int, _ score: Double, _ id: Int?) {
            let end = start + length - origin
            if end >= steps.count { steps.append(contentsOf: repeatElement(Step(), count: end + 1 - steps.count)) }
            guard steps[end].start < 0 || score > steps[end].score else { return }
            steps[end] = Step(score: precision == .single ? Double(Float(score)) : score, start: start, id: id)
            reach = max(reach, start + length)
        }

        while start < bytes.count {
            if start == reach, start > origin {
                for token in path(steps, origin: origin, to: start) where !body(token.id, token.bytes) { return }
                steps = [Step(score: steps[start - origin].score)]
                origin = start
            }
            work += 1
            if work % 1024 == 0 { try checkpoint.pass() }
            var length = 1
            while start + length < bytes.count, bytes[start + length] & 0xC0 == 0x80 { length += 1 }
            let score = steps[start - origin].score
            var hasCharacter = false
            vocabulary.forEachToken(in: bytes, at: start) { tokenLength, id in
                guard scores[id] != Self.neverUsed else { return }
                offer(tokenLength, score + scores[id], id)
                if tokenLength == length { hasCharacter = true }
            }
            if !hasCharacter {
                let unknown = precision == .single ? Double(Float(score + unknownScore)) : score + unknownScore
                offer(length, unknown, nil)
            }
            start += length
        }
        for token in path(steps, origin: origin, to: bytes.count) where !body(token.id, token.bytes) { return }
    }

    private func path(_ steps: [Step], origin: Int, to end: Int) -> ReversedCollection<[(id: Int?, bytes: Range<Int>)]>
    {
        var path: [(id: Int?, bytes: Range<Int>)] = []
        var end = end
        while end > origin {
            let step = steps[end - origin]
            path.append((step.id, step.start..<end))
            end = step.start
        }
        return path.reversed()
    }
}
