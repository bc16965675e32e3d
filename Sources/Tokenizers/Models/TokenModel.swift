/// A token that a model found in a piece of text.
struct PieceToken: Sendable, Equatable {
    let id: Int
    /// The piece's scalars that the token stands for.
    let range: Range<Int>
}

/// The `model` of a `tokenizer.json`: what turns a piece of normalised text into tokens.
protocol TokenModel: Sendable {
    var vocabulary: Vocabulary { get }

    /// What kind of tokens it has.
    var name: String { get }

    /// The tokens of a piece, which is not empty.
    ///
    /// - Parameter limit: how many tokens are wanted; the ones that follow may be left out.
    func tokens(
        of piece: ArraySlice<Unicode.Scalar>, limit: Int, checkpoint: Checkpoint
    ) throws(CancellationError) -> [PieceToken]
}

/// The tokens `<0x00>` … `<0xFF>` that stand for the bytes of characters which have no token.
struct ByteFallback: Sendable {
    private let ids: [Int?]

    init(_ vocabulary: Vocabulary) {
        ids = (UInt8.min...UInt8.max).map { byte in
            let digits = String(byte, radix: 16, uppercase: true)
            return vocabulary.id(of: "<0x" + (byte < 16 ? "0" : "") + digits + ">")
        }
    }

    /// The tokens of these bytes; nil where one of them has none.
    func tokens(of bytes: some Sequence<UInt8>) -> [Int]? {
        var tokens: [Int] = []
        for byte in bytes {
            guard let id = ids[Int(byte)] else { return nil }
            tokens.append(id)
        }
        return tokens
    }
}
