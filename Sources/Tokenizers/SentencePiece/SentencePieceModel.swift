/// A SentencePiece model of the unigram kind (`spiece.model`), which gives the pieces that libsentencepiece 0.1.97
/// gives.
///
/// Fields as in sentencepiece_model.proto: https://github.com/google/sentencepiece/blob/master/src
package final class SentencePieceModel: Sendable {
    package struct Piece: Sendable, Equatable {
        package let id: Int
        package let piece: String
        /// The bytes of the encoded text that the piece stands for.
        package let bytes: Range<Int>
    }

    /// The longest piece that is accepted, in bytes. Those of real models have some dozens, and each place of a text
    /// is looked up with all lengths.
    static let longestPiece = 1024

    private let normalizer: SentencePieceNormalizer
    private let lattice: UnigramLattice
    private let unknownId: Int
    private let byteFallback: ByteFallback?
    private var vocabulary: Vocabulary { lattice.vocabulary }

    /// - Parameter isCancelled: asked every some thousand pieces.
    /// - Throws: `corrupt` where the bytes are not a SentencePiece model, or a damaged one, `unsupported` for one of
    ///   another kind than unigram, `cancelled`.
    package init(
        _ bytes: [UInt8], file: String, isCancelled: () -> Bool = { false }
    ) throws(TokenizerError) {
        let contents: SentencePieceFile
        do throws(ProtocolBuffer.Malformed) {
            contents = try SentencePieceFile(bytes)
        } catch {
            throw .corrupt(file: file, place: "", reason: "no SentencePiece model")
        }
        func corrupt(_ reason: String) -> TokenizerError { .corrupt(file: file, place: "", reason: reason) }
        guard !contents.pieces.isEmpty else { throw corrupt("no SentencePiece model: it has no pieces") }
        guard contents.modelType == 1 else {
            let names = [2: "BPE", 3: "WORD", 4: "CHAR"]
            let name = names[contents.modelType] ?? "\(contents.modelType)"
            throw .unsupported(file: file, component: "the SentencePiece model type \"\(name)\"")
        }

        var vocabulary = Vocabulary()
        var userDefined = Vocabulary()
        var unknownId: Int?
        for (id, piece) in contents.pieces.enumerated() {
            func corruptPiece(_ reason: String) -> TokenizerError {
                .corrupt(file: file, place: "piece \(id)", reason: reason)
            }
            if id % 4096 == 0, isCancelled() { throw .cancelled }
            if piece.spelling.isEmpty { throw corruptPiece("has no text") }
            if piece.spelling.count > Self.longestPiece {
                throw corruptPiece("has \(piece.spelling.count) bytes, and at most \(Self.longestPiece) are accepted")
            }
            if !piece.score.isFinite { throw corruptPiece("has a score that is not a number") }
            if !vocabulary.insert(piece.spelling, id: id) { throw corruptPiece("occurs twice") }
            if piece.kind == .userDefined { _ = userDefined.insert(piece.spelling, id: id) }
            if piece.kind == .unknown {
                if unknownId != nil { throw corruptPiece("is a second unknown piece") }
                unknownId = id
            }
        }
        guard let unknownId else { throw corrupt("the model has no unknown piece") }
        self.unknownId = unknownId
        byteFallback = contents.fallsBackToBytes ? ByteFallback(vocabulary) : nil
        lattice = UnigramLattice(
            vocabulary: vocabulary, scores: Self.scores(contents.pieces),
            unknownScore: Double(
                (Self.normalScores(contents.pieces).min() ?? .greatestFiniteMagnitude)
                    - Float(UnigramLattice.unknownPenalty)),
            precision: .single)

        var map: PrecompiledCharacterMap?
        if !contents.characterMap.isEmpty {
            guard let read = PrecompiledCharacterMap(contents.characterMap) else {
                throw .corrupt(file: file, place: "precompiled_charsmap", reason: "the character map is damaged")
            }
            map = read
        }
        normalizer = SentencePieceNormalizer(rules: contents.rules, map: map, userDefined: userDefined)
    }

    /// The number of pieces; ids are below it.
    package var count: Int { vocabulary.maxId + 1 }

    func id(of piece: String) -> Int? { vocabulary.id(of: piece) }

    /// The pieces of a text in UTF-8.
    package func encode(_ text: [UInt8]) -> [Piece] {
        Checkpoint.uncancelled { checkpoint throws(CancellationError) in
            try encode(text, limit: .max, checkpoint: checkpoint)
        }
    }

    /// The pieces of a text in UTF-8.
    ///
    /// - Parameter limit: how many pieces are wanted; the ones that follow may be left out.
    func encode(_ text: [UInt8], limit: Int, checkpoint: Checkpoint) throws(CancellationError) -> [Piece] {
        let normalized = try normalizer.normalize(text, checkpoint: checkpoint)
        var pieces: [Piece] = []
        var followsUnknown = false
        try lattice.forEachToken(in: normalized.bytes, checkpoint: checkpoint) { id, range in
            let source = normalized.sources[range.lowerBound]..<normalized.sources[range.upperBound]
            let spelling = normalized.bytes[range]
            if let id {
                append(id, spelling, source)
            } else if let fallback = byteFallback?.tokens(of: spelling) {
                for (index, id) in fallback.enumerated() {
                    let isLast = index == fallback.count - 1
                    let end = isLast ? source.upperBound : source.lowerBound
                    append(id, vocabulary.bytes(of: id), source.lowerBound..<end)
                }
            } else if followsUnknown, let last = pieces.popLast() {
                // Neighbouring unknown characters make one unknown piece.
                pieces.append(
                    Piece(
                        id: unknownId, piece: last.piece + String(decoding: spelling, as: UTF8.self),
                        bytes: last.bytes.lowerBound..<Int(source.upperBound)))
            } else {
                append(unknownId, spelling, source)
            }
            followsUnknown = id == nil
            return pieces.count <= limit
        }
        return pieces

        func append(_ id: Int, _ spelling: ArraySlice<UInt8>, _ source: Range<Int32>) {
            pieces.append(
                Piece(
                    id: id, piece: String(decoding: spelling, as: UTF8.self),
                    bytes: Int(source.lowerBound)..<Int(source.upperBound)))
        }
    }

    private static func normalScores(_ pieces: [SentencePieceFile.Piece]) -> [Float] {
        pieces.compactMap { $0.kind == .normal ? $0.score : nil }
    }

    /// What each piece adds to a path. Pieces that the user defined are always preferred; control, unknown, unused and
    /// byte pieces are never found in a text.
    private static func scores(_ pieces: [SentencePieceFile.Piece]) -> [Double] {
        // The library begins its search for the best score with the least positive number, FLT_MIN.
        let best = max(normalScores(pieces).max() ?? 0, .leastNormalMagnitude)
        return pieces.map { piece in
            switch piece.kind {
            case .normal: Double(piece.score)
            case .userDefined: Double(Float(piece.spelling.count) * best) - 0.1
            case .unknown, .control, .unused, .byte: UnigramLattice.neverUsed
            }
        }
    }
}

/// What a file with a serialized model says.
private struct SentencePieceFile {
    struct Piece {
        /// `SentencePiece.Type`
        enum Kind: UInt64 {
            case normal = 1
            case unknown, control, userDefined, unused, byte
        }

        var spelling: ArraySlice<UInt8> = []
        var score: Float = 0
        var kind = Kind.normal
    }

    var pieces: [Piece] = []
    /// `TrainerSpec.model_type`; 1 is unigram.
    var modelType = 1
    var fallsBackToBytes = false
    var rules = SentencePieceNormalizer.Rules()
    var characterMap: ArraySlice<UInt8> = []

    init(_ bytes: [UInt8]) throws(ProtocolBuffer.Malformed) {
        var model = ProtocolBuffer(bytes[...])
        while let field = try model.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let message)): pieces.append(try Self.piece(message))
            case (2, .bytes(let message)): try readTrainer(message)
            case (3, .bytes(let message)): try readNormalizer(message)
            case (1...3, _): throw ProtocolBuffer.Malformed()
            default: break
            }
        }
    }

    private static func piece(_ message: ArraySlice<UInt8>) throws(ProtocolBuffer.Malformed) -> Piece {
        var fields = ProtocolBuffer(message)
        var piece = Piece()
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let spelling)): piece.spelling = spelling
            case (2, .fixed32(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .integer(let number)):
                guard let kind = Piece.Kind(rawValue: number) else { throw ProtocolBuffer.Malformed() }
                piece.kind = kind
            case (1...3, _): throw ProtocolBuffer.Malformed()
            default: break
            }
        }
        return piece
    }

    private mutating func readTrainer(_ message: ArraySlice<UInt8>) throws(ProtocolBuffer.Malformed) {
        var fields = ProtocolBuffer(message)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (3, .integer(let type)): modelType = Int(clamping: type)
            case (24, .integer(let flag)): rules.treatsWhitespaceAsSuffix = flag != 0
            case (35, .integer(let flag)): fallsBackToBytes = flag != 0
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ArraySlice<UInt8>) throws(ProtocolBuffer.Malformed) {
        var fields = ProtocolBuffer(message)
        while let field = try fields.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let map)): characterMap = map
            case (3, .integer(let flag)): rules.addsDummyPrefix = flag != 0
            case (4, .integer(let flag)): rules.removesExtraWhitespace = flag != 0
            case (5, .integer(let flag)): rules.escapesWhitespace = flag != 0
            default: break
            }
        }
    }
}
