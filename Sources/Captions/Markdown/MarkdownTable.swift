/// Rows of a table (GitHub Flavored Markdown 4.10).
enum MarkdownTable {
    /// The header's cells, where a line of delimiters with as many follows.
    static func header(_ line: Range<Int>, delimiters: MarkdownLine, in source: Excerpt) -> [Range<Int>]? {
        let row = delimiters.contentStart..<delimiters.contentEnd
        var hasPipe = false
        var hasDash = false
        for byte in source.bytes[row] {
            switch byte {
            case UInt8(ascii: "|"): hasPipe = true
            case UInt8(ascii: "-"): hasDash = true
            case UInt8(ascii: ":"), .space, .tab: break
            default: return nil
            }
        }
        guard hasPipe, hasDash else { return nil }
        let columns = cells(row, in: source)
        let areDelimiters = columns.allSatisfy { cell in
            var dashes = source.bytes[cell]
            if dashes.first == UInt8(ascii: ":") { dashes.removeFirst() }
            if dashes.last == UInt8(ascii: ":") { dashes.removeLast() }
            return !dashes.isEmpty && dashes.allSatisfy { $0 == UInt8(ascii: "-") }
        }
        let header = cells(line, in: source)
        return areDelimiters && header.count == columns.count ? header : nil
    }

    /// The cells of a row, between pipes that are not escaped.
    static func cells(_ line: Range<Int>, in source: Excerpt) -> [Range<Int>] {
        var row = source.trimmed(line)
        if source.byte(row.lowerBound) == UInt8(ascii: "|"), !row.isEmpty { row = row.lowerBound + 1..<row.upperBound }
        var cells: [Range<Int>] = []
        var (start, index) = (row.lowerBound, row.lowerBound)
        while index < row.upperBound {
            if source.byte(index) == UInt8(ascii: "|") {
                cells.append(source.trimmed(start..<index))
                start = index + 1
            }
            index += source.byte(index) == .backslash ? 2 : 1
        }
        if start < row.upperBound { cells.append(source.trimmed(start..<row.upperBound)) }
        return cells
    }
}
