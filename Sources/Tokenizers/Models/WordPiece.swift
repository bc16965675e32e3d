/// BERT's model (Devlin, Chang, Lee, Toutanova, "BERT", 2019; the algorithm of Schuster and Nakajima, 2012) as the
/// `WordPiece` model of Hugging Face `tokenizers`: a word is taken apart into the longest tokens from its beginning on,
/// of which all but the first have a prefix; a word that cannot be is the unknown token.
struct WordPiece: TokenModel {
    let vocabulary: Vocabulary
    var name: String { "WordPiece" }
    private let unknownId: Int
    private let continuation: [UInt8]
    private let longestWord: Int

    /// - Parameters:
    ///   - continuation: what tokens that continue a word begin with, such as `##`.
    ///   - longestWord: longer words, in Unicode scalars, are unknown.
    init(vocabulary: Vocabulary, unknownId: Int, continuation: String = "##", longestWord: Int = 100) {
        self.vocabulary = vocabulary
        self.unknownId = unknownId
        self.continuation = Array(continuation.utf8)
        self.longestWord = longestWord
    }

    func tokens(
        of piece: ArraySlice<Unicode.Scalar>, limit: Int, checkpoint: Checkpoint
    ) throws(CancellationError) -> [PieceToken] {
        try checkpoint.pass()
        let unknown = [PieceToken(id: unknownId, range: 0..<piece.count)]
        if piece.count > longestWord { return unknown }
        let (bytes, scalarAt) = piece.utf8WithPlaces

        var tokens: [PieceToken] = []
        var start = 0
        while start < bytes.count {
            var longest: (length: Int, id: Int)?
            vocabulary.forEachToken(in: bytes, at: start, after: start == 0 ? [] : continuation) { length, id in
                longest = (length, id)
            }
            guard let longest else { return unknown }
            tokens.append(
                PieceToken(id: longest.id, range: scalarAt[start]..<scalarAt[start + longest.length]))
            start += longest.length
        }
        return tokens
    }
}
