/// UTF-8 bytes to scan, each with its offset in the document: the whole document, or lines of it without the markers
/// that contain them (such as `>` of a block quote).
struct Excerpt {
    let bytes: [UInt8]
    let poll: CancellationPoll
    /// Where stretches of the document begin: in these bytes, and in the document. Nil where both are the same.
    private var stretches: [(index: Int, offset: Int)]?
    /// The offset after the last byte.
    private var endOffset: Int

    init(_ text: String, poll: CancellationPoll) {
        bytes = Array(text.utf8)
        self.poll = poll
        stretches = nil
        endOffset = bytes.count
    }

    /// Ranges of a document, or of a stretch of one, joined in order.
    init(of document: Excerpt, ranges: [Range<Int>]) throws(CancellationError) {
        var bytes: [UInt8] = []
        var stretches: [(index: Int, offset: Int)] = []
        for range in ranges {
            try document.poll.advance(range.count + 1)
            if range.isEmpty { continue }
            stretches.append((bytes.count, document.offset(range.lowerBound)))
            bytes += document.bytes[range]
        }
        self.bytes = bytes
        self.stretches = stretches
        poll = document.poll
        endOffset = ranges.last.map { document.sourceRange($0).upperBound } ?? 0
    }

    var count: Int { bytes.count }

    /// The document's offset of an index, or of the end.
    func offset(_ index: Int) -> Int {
        guard index < bytes.count else { return endOffset }
        guard let stretches else { return index }
        var (low, high) = (0, stretches.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if stretches[middle].index <= index { low = middle } else { high = middle }
        }
        return stretches[low].offset + index - stretches[low].index
    }

    /// The document's range of a range of indices: from the first byte to just after the last.
    func sourceRange(_ range: Range<Int>) -> Range<Int> {
        guard stretches != nil, !range.isEmpty else {
            return stretches == nil ? range : offset(range.lowerBound)..<offset(range.lowerBound)
        }
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

    /// The first index at or after `start` where the ASCII text stands whole, below `end`.
    func find(
        _ text: StaticString, from start: Int, to end: Int? = nil, caseInsensitive: Bool = false
    ) throws(CancellationError) -> Int? {
        let last = min(end ?? bytes.count, bytes.count) - text.utf8CodeUnitCount
        let first = text.utf8Start.pointee
        var index = start
        while index <= last {
            let byte = bytes[index]
            if byte == first || caseInsensitive, has(text, at: index, caseInsensitive: caseInsensitive) { return index }
            try poll.advance()
            index += 1
        }
        return nil
    }

    /// The first index at or after `start` whose byte is `byte`, below `end`; nil where there is none.
    func find(_ byte: UInt8, from start: Int, to end: Int? = nil) throws(CancellationError) -> Int? {
        let end = min(end ?? bytes.count, bytes.count)
        guard start < end else { return nil }
        let index = bytes[start..<end].firstIndex(of: byte)
        try poll.advance(((index ?? end) - start) / 8 + 1)
        return index
    }

    /// The end of the line that `start` is in: the index of its LF or CR, or the end of the text.
    func lineEnd(_ start: Int) throws(CancellationError) -> Int {
        var index = start
        while index < bytes.count, bytes[index] != .newline, bytes[index] != .carriageReturn {
            try poll.advance()
            index += 1
        }
        return min(index, bytes.count)
    }

    /// Ranges of the lines, without their ends (LF, CRLF or CR).
    func lines() throws(CancellationError) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var start = 0
        while true {
            let end = try lineEnd(start)
            result.append(start..<end)
            if end == bytes.count { return result }
            start = afterLineEnd(end)
        }
    }

    /// The index after the line end (LF, CRLF or CR) that stands at an index.
    func afterLineEnd(_ index: Int) -> Int {
        byte(index) == .carriageReturn && byte(index + 1) == .newline ? index + 2 : min(index + 1, bytes.count)
    }

    func isBlank(_ range: Range<Int>) -> Bool { bytes[range].allSatisfy(\.isSpace) }

    /// The index of the first byte in a range that is neither space nor tab, or its end.
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

/// The places of one text in an excerpt, asked for with rising indices: all answers together take one pass.
struct Occurrences {
    private let text: StaticString
    private let end: Int?
    /// The index from which the text was last looked for, and where it was found.
    private var known: (start: Int, found: Int?)?

    /// - Parameter end: where the search ends; by default the excerpt's end.
    init(_ text: StaticString, to end: Int? = nil) {
        self.text = text
        self.end = end
    }

    /// The first place at or after `start`.
    mutating func next(in source: Excerpt, from start: Int) throws(CancellationError) -> Int? {
        if let known, known.start <= start, known.found.map({ $0 >= start }) ?? true { return known.found }
        let found = try source.find(text, from: start, to: end)
        known = (start, found)
        return found
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
    var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
    var isAlphanumeric: Bool { isDigit || isLetter }
    var isPunctuation: Bool {
        (0x21...0x2F).contains(self) || (0x3A...0x40).contains(self) || (0x5B...0x60).contains(self)
            || (0x7B...0x7E).contains(self)
    }
    var lowercased: UInt8 { (0x41...0x5A).contains(self) ? self + 0x20 : self }
}
