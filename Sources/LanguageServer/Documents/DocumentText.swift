import Captions

/// A document's text as the editor has it, changed piece by piece.
package struct DocumentText: Sendable, Equatable {
    package private(set) var bytes: [UInt8]

    package init(_ text: String) { bytes = Array(text.utf8) }

    package var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Puts a text in the place of a range; without a range in the place of all. Positions beyond a line's or the
    /// document's end mean its end, as the protocol wants it; one inside a scalar means its beginning.
    package mutating func replace(_ range: TextRange?, with text: String, encoding: PositionEncoding) {
        guard let range else {
            bytes = Array(text.utf8)
            return
        }
        let start = offset(of: range.start, encoding: encoding)
        let end = max(start, offset(of: range.end, encoding: encoding))
        bytes.replaceSubrange(start..<end, with: text.utf8)
    }

    /// The text of a range.
    package func text(_ range: TextRange, encoding: PositionEncoding) -> String {
        let start = offset(of: range.start, encoding: encoding)
        let end = max(start, offset(of: range.end, encoding: encoding))
        return String(decoding: bytes[start..<end], as: UTF8.self)
    }

    /// The byte at a position. Complexity: O(bytes before it).
    package func offset(of position: TextPosition, encoding: PositionEncoding) -> Int {
        var index = 0
        var line = 0
        while line < position.line {
            guard let end = lineEnd(from: index) else { return bytes.count }
            index = end.next
            line += 1
        }
        var units = 0
        while index < bytes.count, bytes[index] != UInt8(ascii: "\n"), bytes[index] != UInt8(ascii: "\r") {
            let width = Self.width(bytes[index])
            let next = units + Self.units(bytes[index], encoding)
            if next > position.character { break }
            units = next
            index = min(index + width, bytes.count)
        }
        return index
    }

    /// The position of a byte.
    package func position(of offset: Int, encoding: PositionEncoding) -> TextPosition {
        var (line, start) = (0, 0)
        while let end = lineEnd(from: start), end.next <= offset { (line, start) = (line + 1, end.next) }
        let units = bytes[start..<max(start, min(offset, bytes.count))].reduce(0) {
            $1 & 0xC0 == 0x80 ? $0 : $0 + Self.units($1, encoding)
        }
        return TextPosition(line: line, character: units)
    }

    /// The first line end (LF, CRLF or CR) at or after an index.
    private func lineEnd(from start: Int) -> (at: Int, next: Int)? {
        var index = start
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { return (index, index + 1) }
            if bytes[index] == UInt8(ascii: "\r") {
                let isPair = index + 1 < bytes.count && bytes[index + 1] == UInt8(ascii: "\n")
                return (index, index + (isPair ? 2 : 1))
            }
            index += 1
        }
        return nil
    }

    private static func width(_ first: UInt8) -> Int {
        switch first {
        case 0xF0...: 4
        case 0xE0...: 3
        case 0xC0...: 2
        default: 1
        }
    }

    private static func units(_ first: UInt8, _ encoding: PositionEncoding) -> Int {
        switch encoding {
        case .utf8: width(first)
        case .utf16: first >= 0xF0 ? 2 : 1
        case .utf32: 1
        }
    }
}
