/// A line that is read from left to right, with tabs as columns (CommonMark 0.31, section 2.2).
struct MarkdownLine {
    let source: Excerpt
    private(set) var index: Int
    let end: Int
    /// The index after the last character that is not white space.
    let contentEnd: Int
    private var column = 0
    /// Columns of the tab before `index` that are not used up.
    private var pending = 0

    init(source: Excerpt, _ line: Range<Int>) {
        self.source = source
        index = line.lowerBound
        end = line.upperBound
        var last = line.upperBound
        while last > line.lowerBound, source.byte(last - 1).isSpace { last -= 1 }
        contentEnd = last
    }

    var isBlank: Bool { index >= contentEnd }

    /// Columns of white space here, counted up to a limit.
    func indent(upTo limit: Int) -> Int {
        var (count, column, index) = (pending, column, index)
        while count < limit, index < end {
            switch source.byte(index) {
            case .space: (count, column) = (count + 1, column + 1)
            case .tab: (count, column) = (count + 4 - column % 4, column + 4 - column % 4)
            default: return count
            }
            index += 1
        }
        return count
    }

    var contentStart: Int { source.contentStart(index..<end) }
    var first: UInt8 { contentStart < end ? source.byte(contentStart) : 0 }
    var contentWithLineEnd: Range<Int> { contentStart..<source.afterLineEnd(end) }
    var restWithLineEnd: Range<Int> { index..<source.afterLineEnd(end) }

    mutating func skip(columns: Int) {
        var left = columns
        while left > 0 {
            if pending > 0 {
                let used = min(pending, left)
                (pending, left, column) = (pending - used, left - used, column + used)
            } else if index < end, source.byte(index) == .tab {
                pending = 4 - column % 4
                index += 1
            } else if index < end {
                (index, column, left) = (index + 1, column + 1, left - 1)
            } else {
                return
            }
        }
    }

    mutating func skipAll() { index = end }

    /// `>` with the spaces before it and one after it.
    mutating func skipQuoteMarker() {
        skip(columns: indent(upTo: 4) + 1)
        if indent(upTo: 1) >= 1 { skip(columns: 1) }
    }

    /// The text of `# heading #`; nil where this is none.
    func heading() -> Range<Int>? {
        let start = contentStart
        let hashes = source.bytes[start..<end].prefix { $0 == UInt8(ascii: "#") }.count
        guard hashes <= 6, start + hashes == end || source.byte(start + hashes).isSpace else { return nil }
        var text = source.trimmed(start + hashes..<end)
        var close = text.upperBound
        while close > text.lowerBound, source.byte(close - 1) == UInt8(ascii: "#") { close -= 1 }
        if close == text.lowerBound || source.byte(close - 1).isSpace { text = source.trimmed(text.lowerBound..<close) }
        return text
    }

    /// An opening fence with what stands after it.
    func fence() -> (byte: UInt8, length: Int, info: Range<Int>)? {
        let start = contentStart
        let byte = source.byte(start)
        let length = source.bytes[start..<end].prefix { $0 == byte }.count
        guard length >= 3 else { return nil }
        let info = source.trimmed(start + length..<end)
        if byte == UInt8(ascii: "`"), source.bytes[info].contains(byte) { return nil }
        return (byte, length, info)
    }

    func isClosingFence(_ byte: UInt8, length: Int) -> Bool {
        let start = contentStart
        return contentEnd - start >= length && source.bytes[start..<contentEnd].allSatisfy { $0 == byte }
    }

    var isUnderline: Bool {
        let byte = first
        return (byte == UInt8(ascii: "=") || byte == UInt8(ascii: "-")) && isClosingFence(byte, length: 1)
    }

    var isThematicBreak: Bool {
        let byte = first
        guard "-*_".utf8.contains(byte) else { return false }
        var count = 0
        for each in source.bytes[contentStart..<end] {
            if each == byte { count += 1 } else if !each.isSpace { return false }
        }
        return count >= 3
    }

    /// A list item's marker, with the columns up to its text. `mayInterrupt`: it may follow a paragraph's line.
    func listMarker() -> (width: Int, isEmpty: Bool, mayInterrupt: Bool)? {
        let start = contentStart
        var index = start
        var isOne = true
        if "-+*".utf8.contains(source.byte(index)) {
            index += 1
        } else {
            while index < end, source.byte(index).isDigit, index - start < 9 { index += 1 }
            isOne = source.bytes[start..<index].elementsEqual("1".utf8)
            guard index > start, index < end,
                source.byte(index) == UInt8(ascii: ".") || source.byte(index) == UInt8(ascii: ")")
            else { return nil }
            index += 1
        }
        guard index == end || source.byte(index) == .space || source.byte(index) == .tab else { return nil }
        let marker = indent(upTo: 4) + index - start
        var after = self
        after.skip(columns: marker)
        if after.isBlank { return (marker + 1, true, isOne) }
        let spaces = after.indent(upTo: 5)
        return (marker + (spaces > 4 ? 1 : spaces), false, isOne)
    }
}
