import CSentencePiece

/// A SentencePiece model (`spiece.model`), read and applied by libsentencepiece.
final class SentencePieceModel: Sendable {
    struct Piece: Sendable {
        let id: Int
        let piece: String
        /// The bytes of the encoded text that the piece stands for.
        let bytes: Range<Int>
    }

    private let handle: Handle

    /// - Throws: `corrupt` where the bytes are no SentencePiece model.
    init(_ bytes: [UInt8], file: String) throws(TokenizerError) {
        var message = [CChar](repeating: 0, count: 256)
        guard let pointer = csentencepiece_open(bytes, bytes.count, &message, message.count) else {
            throw .corrupt(file: file, place: "", reason: "no SentencePiece model: \(Self.text(message))")
        }
        handle = Handle(pointer: pointer)
        guard count > 0 else { throw .corrupt(file: file, place: "", reason: "a SentencePiece model without pieces") }
    }

    deinit { csentencepiece_close(handle.pointer) }

    /// The number of pieces; ids are below it.
    var count: Int { Int(csentencepiece_count(handle.pointer)) }

    func id(of piece: String) -> Int? {
        let bytes = Array(piece.utf8)
        let id = bytes.withUnsafeBytes { raw in
            csentencepiece_id(handle.pointer, raw.bindMemory(to: CChar.self).baseAddress, raw.count)
        }
        return id >= 0 ? Int(id) : nil
    }

    /// The pieces of a text in UTF-8.
    func encode(_ text: [UInt8]) throws(TokenizerError) -> [Piece] {
        var message = [CChar](repeating: 0, count: 256)
        var pieces: [Piece] = []
        let failed = text.withUnsafeBytes { raw in
            withUnsafeMutablePointer(to: &pieces) { collected in
                csentencepiece_encode(
                    handle.pointer, raw.bindMemory(to: CChar.self).baseAddress, raw.count,
                    { context, id, name, length, begin, end in
                        let spelling = UnsafeRawBufferPointer(start: name, count: length)
                        let piece = Piece(
                            id: Int(id), piece: String(decoding: spelling, as: UTF8.self),
                            bytes: begin..<max(begin, end))
                        context?.assumingMemoryBound(to: [Piece].self).pointee.append(piece)
                    }, collected, &message, message.count)
            }
        }
        if failed != 0 { throw .textInvalid(reason: "SentencePiece: \(Self.text(message))") }
        return pieces
    }

    private static func text(_ message: [CChar]) -> String {
        String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// Sendable because libsentencepiece's processor is not changed after it is loaded, and encoding is a const member
    /// function that keeps its working state on the stack.
    private struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer
    }
}
