/// Positions of a set of byte offsets, found in one pass over the text.
struct PositionMap {
    private var positions: [Int: TextPosition] = [:]

    /// Offsets must lie at scalar boundaries; lines end at LF, CRLF or CR.
    init(
        bytes: [UInt8], offsets: [Int], encoding: PositionEncoding, poll: CancellationPoll
    ) throws(CancellationError) {
        var pending = Array(Set(offsets)).sorted()[...]
        var (line, character, index) = (0, 0, 0)
        while let next = pending.first {
            if next <= index || index >= bytes.count {
                positions[next] = TextPosition(line: line, character: character)
                pending.removeFirst()
                continue
            }
            let byte = bytes[index]
            if byte == .newline
                || (byte == .carriageReturn && !(index + 1 < bytes.count && bytes[index + 1] == .newline))
            {
                (line, character) = (line + 1, 0)
            } else {
                character += Self.units(byte, encoding)
            }
            index += 1
            try poll.advance()
        }
    }

    func range(_ range: Range<Int>) -> TextRange {
        let origin = TextPosition(line: 0, character: 0)
        return TextRange(start: positions[range.lowerBound] ?? origin, end: positions[range.upperBound] ?? origin)
    }

    /// Units that a UTF-8 byte adds: a scalar's units are counted at its first byte.
    private static func units(_ byte: UInt8, _ encoding: PositionEncoding) -> Int {
        if encoding == .utf8 { return 1 }
        if byte & 0xC0 == 0x80 { return 0 }
        return encoding == .utf16 && byte >= 0xF0 ? 2 : 1
    }
}
