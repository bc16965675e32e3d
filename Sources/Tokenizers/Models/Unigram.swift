/// A unigram language model over subwords (Kudo, "Subword Regularization", ACL 2018), as the `Unigram` model of
/// Hugging Face `tokenizers` and SentencePiece decode it: the segmentation of the highest total log probability.
struct Unigram: TokenModel {
    /// Longer tokens are refused, since each place of a text is looked up with all lengths.
    static let longestToken = 1024

    private let lattice: UnigramLattice
    private let unknownId: Int?
    private let byteFallback: ByteFallback?

    var vocabulary: Vocabulary { lattice.vocabulary }
    var name: String { "unigram" }

    /// - Parameter scores: log probabilities by id.
    init(vocabulary: Vocabulary, scores: [Double], unknownId: Int?, fallsBackToBytes: Bool) {
        self.unknownId = unknownId
        lattice = UnigramLattice(
            vocabulary: vocabulary, scores: scores,
            unknownScore: (scores.min() ?? 0) - UnigramLattice.unknownPenalty, precision: .double)
        byteFallback = fallsBackToBytes ? ByteFallback(vocabulary) : nil
    }

    func tokens(
        of piece: ArraySlice<Unicode.Scalar>, limit: Int, checkpoint: Checkpoint
    ) throws(CancellationError) -> [PieceToken] {
        let (bytes, scalarAt) = piece.utf8WithPlaces

        var result: [PieceToken] = []
        var unknown: Range<Int>?
        func flushUnknown() {
            guard let range = unknown else { return }
            result += tokens(nil, Array(bytes[range]), scalarAt, range)
            unknown = nil
        }
        try lattice.forEachToken(in: bytes, checkpoint: checkpoint) { id, range in
            // The unknown token's own spelling counts as unknown; neighbouring unknowns are one.
            if id == nil || id == unknownId {
                unknown = (unknown?.lowerBound ?? range.lowerBound)..<range.upperBound
            } else {
                flushUnknown()
                result += tokens(id, [], scalarAt, range)
            }
            return result.count < limit
        }
        flushUnknown()
        return result
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
