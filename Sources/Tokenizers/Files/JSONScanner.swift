/// Reads a JSON text front to back, without building values.
///
/// Vocabularies are read with this: they have up to some hundred thousand members, and their names must be kept apart
/// byte by byte, where a dictionary of Swift strings would join canonically equivalent ones. Everything else in a
/// tokenizer file is handed to the `JSON` target by the bytes that `skipValue` returns.
struct JSONScanner {
    private let file: String
    private let bytes: [UInt8]
    private var index: Int
    private let isCancelled: @Sendable () -> Bool
    /// The place from which on to ask again whether to go on.
    private var nextQuestion = 0

    /// How many bytes are read between questions: a millisecond or two.
    private static let interval = 1 << 16

    /// - Parameter isCancelled: asked every millisecond or two; then reading ends with ``TokenizerError/cancelled``.
    init(_ bytes: [UInt8], file: String, isCancelled: @escaping @Sendable () -> Bool = { false }) {
        self.bytes = bytes
        self.file = file
        self.isCancelled = isCancelled
        index = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    /// Reads an object; `body` reads, or skips, the value of each member.
    mutating func readObject(
        _ body: (_ name: ArraySlice<UInt8>, _ scanner: inout JSONScanner) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try expect("{", "an object")
        if accept("}") { return }
        repeat {
            try askWhetherToGoOn()
            let name = try readString()
            try expect(":", "':'")
            try body(name, &self)
        } while accept(",")
        try expect("}", "',' or '}'")
    }

    /// Reads an array; `body` reads, or skips, each element.
    mutating func readArray(
        _ body: (_ scanner: inout JSONScanner) throws(TokenizerError) -> Void
    ) throws(TokenizerError) {
        try expect("[", "an array")
        if accept("]") { return }
        repeat {
            try askWhetherToGoOn()
            try body(&self)
        } while accept(",")
        try expect("]", "',' or ']'")
    }

    /// The bytes of the value that begins here, unchecked beyond brackets and strings.
    mutating func skipValue() throws(TokenizerError) -> ArraySlice<UInt8> {
        skipSpace()
        let start = index
        var depth = 0
        repeat {
            try askWhetherToGoOn()
            skipSpace()
            guard index < bytes.count else { throw failure("the text ends inside a value") }
            switch bytes[index] {
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                index += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { throw failure("a value is expected") }
                depth -= 1
                index += 1
            case UInt8(ascii: "\""):
                try skipString()
            case UInt8(ascii: ","), UInt8(ascii: ":"):
                if depth == 0 { throw failure("a value is expected") }
                index += 1
            default:
                _ = try readWord()
            }
        } while depth > 0
        return bytes[start..<index]
    }

    /// Reads a string and undoes its escapes. The result is UTF-8, and a part of the text itself where nothing is
    /// escaped.
    mutating func readString() throws(TokenizerError) -> ArraySlice<UInt8> {
        skipSpace()
        let start = index + 1
        try skipString()
        let content = bytes[start..<index - 1]
        return content.contains(UInt8(ascii: "\\")) ? try unescaped(content)[...] : content
    }

    mutating func readNumber() throws(TokenizerError) -> Double {
        skipSpace()
        let start = index
        let word = try readWord()
        guard let number = Double(word), number.isFinite else { throw failure("a number is expected", at: start) }
        return number
    }

    mutating func readInteger() throws(TokenizerError) -> Int {
        skipSpace()
        let start = index
        let word = try readWord()
        guard let number = Int(word) else { throw failure("an integer is expected", at: start) }
        return number
    }

    /// Whether the value that begins here is an array.
    mutating func isAtArray() -> Bool {
        skipSpace()
        return index < bytes.count && bytes[index] == UInt8(ascii: "[")
    }

    /// Checks that nothing follows the value that was read.
    mutating func expectEnd() throws(TokenizerError) {
        skipSpace()
        if index < bytes.count { throw failure("more text follows the value") }
    }

    /// An error that names the place reached.
    func failure(_ reason: String) -> TokenizerError { failure(reason, at: index) }

    private func failure(_ reason: String, at position: Int) -> TokenizerError {
        let before = bytes[..<min(position, bytes.count)]
        let line = before.count { $0 == UInt8(ascii: "\n") } + 1
        let column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
        return .corrupt(file: file, place: "line \(line), column \(column)", reason: "not valid JSON: \(reason)")
    }

    private mutating func askWhetherToGoOn() throws(TokenizerError) {
        guard index >= nextQuestion else { return }
        nextQuestion = index + Self.interval
        if isCancelled() { throw .cancelled }
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func accept(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard index < bytes.count, UInt32(bytes[index]) == character.value else { return false }
        index += 1
        return true
    }

    private mutating func expect(_ character: Unicode.Scalar, _ name: String) throws(TokenizerError) {
        if !accept(character) { throw failure("\(name) is expected") }
    }

    /// Reads a number or one of the literal names.
    private mutating func readWord() throws(TokenizerError) -> String {
        let start = index
        while index < bytes.count, !Self.endsWord(bytes[index]) { index += 1 }
        if index == start { throw failure("a value is expected") }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private static func endsWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x20, 0x0A, 0x0D, 0x09: true
        case UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""): true
        case UInt8(ascii: "["), UInt8(ascii: "{"): true
        default: false
        }
    }

    private mutating func skipString() throws(TokenizerError) {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw failure("a string is expected") }
        let start = index
        index += 1
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                index += 1
                return
            case UInt8(ascii: "\\"):
                index += 2
            case 0..<0x20:
                throw failure("a control character in a string")
            default:
                index += 1
            }
        }
        throw failure("a string that does not end", at: start)
    }

    private func unescaped(_ content: ArraySlice<UInt8>) throws(TokenizerError) -> [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(content.count)
        var position = content.startIndex
        while position < content.endIndex {
            if content[position] != UInt8(ascii: "\\") {
                result.append(content[position])
                position += 1
                continue
            }
            let escape = content[position + 1]
            position += 2
            switch escape {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escape)
            case UInt8(ascii: "b"): result.append(0x08)
            case UInt8(ascii: "f"): result.append(0x0C)
            case UInt8(ascii: "n"): result.append(0x0A)
            case UInt8(ascii: "r"): result.append(0x0D)
            case UInt8(ascii: "t"): result.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = Self.unicodeEscape(content, &position) else {
                    throw failure("a \\u escape that is not a character", at: position)
                }
                result += scalar.utf8Bytes
            default: throw failure("an unknown escape", at: position)
            }
        }
        return result
    }

    /// Reads the four digits after `\u`, and a second escape where the first is a high surrogate.
    private static func unicodeEscape(_ content: ArraySlice<UInt8>, _ position: inout Int) -> Unicode.Scalar? {
        func digits() -> UInt32? {
            guard position + 4 <= content.endIndex else { return nil }
            let text = String(decoding: content[position..<position + 4], as: UTF8.self)
            position += 4
            return text.allSatisfy(\.isHexDigit) ? UInt32(text, radix: 16) : nil
        }
        guard let first = digits() else { return nil }
        guard first >> 10 == 0x36 else { return Unicode.Scalar(first) }
        guard content[position...].starts(with: [UInt8(ascii: "\\"), UInt8(ascii: "u")]) else { return nil }
        position += 2
        guard let second = digits(), second >> 10 == 0x37 else { return nil }
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF)
    }
}
