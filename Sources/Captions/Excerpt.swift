/// UTF-8 bytes to scan, each with its offset in the document: the whole document, or lines of it without the markers
/// that contain them (such as `>` of a block quote).
struct Excerpt: Sendable {
    private(set) var bytes: [UInt8]
    /// Nil where offsets are the indices themselves.
    private var offsets: [Int]?
    /// The offset after the last byte.
    private var endOffset: Int

    init(_ text: String) {
        bytes = Array(text.utf8)
        offsets = nil
        endOffset = bytes.count
    }

    /// Ranges of the document joined in order.
    init(of document: Excerpt, ranges: [Range<Int>]) {
        bytes = []
        var offsets: [Int] = []
        for range in ranges {
            bytes += document.bytes[range]
            offsets += Array(range)
        }
        self.offsets = offsets
        endOffset = ranges.last?.upperBound ?? 0
    }

    var count: Int { bytes.count }

    /// The document's offset of an index, or of the end.
    func offset(_ index: Int) -> Int {
        guard index < bytes.count else { return endOffset }
        return offsets?[index] ?? index
    }

    /// The document's range of a range of indices: from the first byte to just after the last.
    func sourceRange(_ range: Range<Int>) -> Range<Int> {
        if range.isEmpty { return offset(range.lowerBound)..<offset(range.lowerBound) }
        return offset(range.lowerBound)..<offset(range.upperBound - 1) + 1
    }

    /// The byte at an index, or 0 outside.
    func byte(_ index: Int) -> UInt8 { index >= 0 && index < bytes.count ? bytes[index] : 0 }

    func string(_ range: Range<Int>) -> String { String(decoding: bytes[range], as: UTF8.self) }

    /// Whether the ASCII text stands at an index; `caseInsensitive` for ASCII letters.
    func has(_ text: StaticString, at index: Int, caseInsensitive: Bool = false) -> Bool {
        guard index >= 0, index + text.utf8CodeUnitCount <= bytes.count else { return false }
        return text.withUTF8Buffer { buffer in
            buffer.indices.allSatisfy { k in
                let byte = bytes[index + k]
                return byte == buffer[k] || (caseInsensitive && byte.lowercased == buffer[k].lowercased)
            }
        }
    }

    /// The first index at or after `start` where the ASCII text stands, below `end`.
    func find(_ text: StaticString, from start: Int, to end: Int? = nil, caseInsensitive: Bool = false) -> Int? {
        let end = min(end ?? bytes.count, bytes.count)
        var index = start
        while index + text.utf8CodeUnitCount <= end {
            if has(text, at: index, caseInsensitive: caseInsensitive) { return index }
            index += 1
        }
        return nil
    }

    /// Ranges of the lines, without their ends (LF, CRLF or CR).
    func lines() -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == .newline || byte == .carriageReturn {
                result.append(start..<index)
                if byte == .carriageReturn, self.byte(index + 1) == .newline { index += 1 }
                start = index + 1
            }
            index += 1
        }
        result.append(start..<bytes.count)
        return result
    }

    func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy(\.isSpace) }

    /// The index of the first byte in a range that is no space or tab, or its end.
    func contentStart(_ range: Range<Int>) -> Int {
        bytes[range].firstIndex { $0 != .space && $0 != .tab } ?? range.upperBound
    }

    /// The range less spaces at both ends.
    func trimmed(_ range: Range<Int>) -> Range<Int> {
        var (start, end) = (range.lowerBound, range.upperBound)
        while start < end, bytes[start].isSpace { start += 1 }
        while start < end, bytes[end - 1].isSpace { end -= 1 }
        return start..<end
    }
}

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let carriageReturn = UInt8(ascii: "\r")
    static let space = UInt8(ascii: " ")
    static let tab = UInt8(ascii: "\t")
    static let backslash = UInt8(ascii: "\\")

    /// Space, tab, line ends, form feed.
    var isSpace: Bool { self == 0x20 || (0x09...0x0D).contains(self) }
    var isDigit: Bool { (0x30...0x39).contains(self) }
    var isLetter: Bool { (0x41...0x5A).contains(self) || (0x61...0x7A).contains(self) }
    var isAlphanumeric: Bool { isDigit || isLetter }
    var isPunctuation: Bool {
        (0x21...0x2F).contains(self) || (0x3A...0x40).contains(self) || (0x5B...0x60).contains(self)
            || (0x7B...0x7E).contains(self)
    }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
}
