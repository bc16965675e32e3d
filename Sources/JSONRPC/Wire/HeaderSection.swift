/// The header section of a message in the base protocol of the Language Server Protocol
/// (https://microsoft.github.io/language-server-protocol/, "Base Protocol"): `Name: value` lines ended by CR LF, closed
/// by an empty line. Names are case-insensitive; headers other than `Content-Length` and `Content-Type` are ignored.
struct HeaderSection: Equatable, Sendable {
    /// Length of the content in bytes.
    let contentLength: Int

    /// - Parameter bytes: the whole section with its closing empty line.
    init(parsing bytes: [UInt8]) throws(FramingError) {
        guard bytes.allSatisfy({ $0 < 0x80 }) else { throw .malformedHeader("only ASCII is allowed") }
        var length: Int?
        for line in bytes.split(separator: UInt8(ascii: "\n")) where line != [UInt8(ascii: "\r")] {
            let text = String(decoding: line.dropLast(), as: UTF8.self)
            guard let colon = text.firstIndex(of: ":"), colon != text.startIndex else {
                throw .malformedHeader("'\(text)' is not 'Name: value'")
            }
            let value = text[text.index(after: colon)...].trimmingBlanks()
            switch text[..<colon].lowercased() {
            case "content-length":
                guard length == nil else { throw .malformedHeader("Content-Length is given twice") }
                length = try Self.parseLength(value)
            case "content-type": try Self.checkCharset(value)
            default: break
            }
        }
        guard let length else { throw .missingContentLength }
        contentLength = length
    }

    private static func parseLength(_ value: Substring) throws(FramingError) -> Int {
        guard !value.isEmpty, value.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let length = Int(value) else {
            throw .malformedHeader("Content-Length must be a number of bytes, not '\(value)'")
        }
        return length
    }

    /// The only encoding is UTF-8, which old clients spell `utf8`.
    private static func checkCharset(_ value: Substring) throws(FramingError) {
        for parameter in value.split(separator: ";").dropFirst() {
            let parts = parameter.split(separator: "=", maxSplits: 1).map { $0.trimmingBlanks().lowercased() }
            guard parts.count == 2, parts[0] == "charset" else { continue }
            let charset = parts[1].filter { $0 != "\"" }
            guard charset == "utf-8" || charset == "utf8" else {
                throw .malformedHeader("the charset must be utf-8, not '\(charset)'")
            }
        }
    }
}

extension Substring {
    fileprivate func trimmingBlanks() -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return text
    }
}
