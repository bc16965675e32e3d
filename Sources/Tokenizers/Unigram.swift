/// A unigram language model over subwords (Kudo, "Subword Regularization", ACL 2018), as the `Unigram` model of
/// Hugging Face `tokenizers` and SentencePiece decode it: the segmentation of the highest total log probability.
struct Unigram: TokenModel {
    /// What a character without a token costs beyond the least likely token (SentencePiece's `kUnkPenalty`).
    private static let unknownPenalty = 10.0

    let vocabulary: Vocabulary
    private let scores: [Double]
    private let unknownId: Int?
    private let unknownScore: Double
    private let byteFallback: ByteFallback?

    /// - Parameter scores: log probabilities by id.
    init(vocabulary: Vocabulary, scores: [Double], unknownId: Int?, fallsBackToBytes: Bool) {
        self.vocabulary = vocabulary
        self.scores = scores
        self.unknownId = unknownId
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        byteFallback = fallsBackToBytes ? ByteFallback(vocabulary) : nil
    }

    /// Viterbi's algorithm over the byte positions of the piece.
    func tokens(of piece: ArraySlice<Unicode.Scalar>) -> [PieceToken] {
        var bytes: [UInt8] = []
        /// For each byte position where a scalar begins, and the end, that scalar's index.
        var scalarAt: [Int] = []
        for (index, scalar) in piece.enumerated() {
            let encoded = scalar.utf8Bytes
            bytes += encoded
            scalarAt += repeatElement(index, count: encoded.count)
        }
        scalarAt.append(piece.count)

        struct Best {
            var score = 0.0
            var start = -1
            /// nil for a character without a token.
            var id: Int?
        }
        var best = [Best](repeating: Best(), count: bytes.count + 1)
        func offer(_ end: Int, _ candidate: Best) {
            if best[end].start < 0 || candidate.score > best[end].score { best[end] = candidate }
        }
        var start = 0
        for scalar in piece {
            let length = UTF8.width(scalar)
            let score = best[start].score
            var hasCharacter = false
            vocabulary.forEachToken(in: bytes, at: start) { tokenLength, id in
                offer(start + tokenLength, Best(score: score + scores[id], start: start, id: id))
                if tokenLength == length { hasCharacter = true }
            }
            if !hasCharacter { offer(start + length, Best(score: score + unknownScore, start: start, id: nil)) }
            start += length
        }

        var path: [(id: Int?, bytes: Range<Int>)] = []
        var end = bytes.count
        while end > 0 {
            let step = best[end]
            // The unknown token's own spelling counts as unknown; neighbouring unknowns are one.
            let id = step.id == unknownId ? nil : step.id
            if id == nil, let last = path.last, last.id == nil {
                path[path.count - 1].bytes = step.start..<last.bytes.upperBound
            } else {
                path.append((id, step.start..<end))
            }
            end = step.start
        }
        return path.reversed().flatMap { id, range in
            tokens(id, Array(bytes[range]), scalarAt, range)
        }
    }

    private func tokens(_ id: Int?, _ spelling: [UInt8], _ scalarAt: [Int], _ range: Range<Int>) -> [PieceToken] {
        let scalars = scalarAt[range.lowerBound]..<scalarAt[range.upperBound]
        if let id { return [PieceToken(id: id, range: scalars)] }
        if let fallback = byteFallback?.tokens(of: spelling) {
            return zip(fallback, range).map { PieceToken(id: $0, range: scalarAt[$1]..<scalarAt[$1] + 1) }
        }
        return unknownId.map { [PieceToken(id: $0, range: scalars)] } ?? []
    }
}
