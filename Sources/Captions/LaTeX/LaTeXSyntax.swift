/// What TeX's input says before any command is carried out: groups, comments and verbatim text.
///
/// Read in one pass, so that no command has to look for the end of its arguments again.
struct LaTeXSyntax {
    let source: Excerpt
    /// The index of the byte that closes the `{` or `[` at an index.
    private var closing: [Int: Int] = [:]
    /// Comments and verbatim text, in order.
    private(set) var skipped: [Range<Int>] = []

    init(source: Excerpt) throws(CancellationError) {
        self.source = source
        // Open groups, and in each the brackets that wait for the next `]`: the first one closes them all.
        var braces: [Int] = []
        var brackets: [[Int]] = [[]]
        var index = 0
        while index < source.count {
            try source.poll.advance()
            switch source.byte(index) {
            case .backslash:
                let name = Self.commandName(source, at: index)
                let end = try verbatimEnd(command: name)
                if let end { skipped.append(name.upperBound..<end) }
                index = max(end ?? name.upperBound, index + 1)
                continue
            case UInt8(ascii: "%"):
                let end = try source.lineEnd(index)
                skipped.append(index..<end)
                index = end
                continue
            case UInt8(ascii: "{"):
                braces.append(index)
                brackets.append([])
            case UInt8(ascii: "}"):
                if let open = braces.popLast() {
                    closing[open] = index
                    brackets.removeLast()
                } else {
                    brackets[0] = []
                }
            case UInt8(ascii: "["):
                brackets[brackets.count - 1].append(index)
            case UInt8(ascii: "]"):
                for open in brackets[brackets.count - 1] { closing[open] = index }
                brackets[brackets.count - 1] = []
            default: break
            }
            index += 1
        }
    }

    /// The text of the group that opens at an index with `{` or `[`; nil where it stays open.
    func group(at open: Int, _ byte: UInt8) -> Range<Int>? {
        guard source.byte(open) == byte, let close = closing[open] else { return nil }
        return open + 1..<close
    }

    /// The name after a backslash: letters (with `@`), or one other character.
    static func commandName(_ source: Excerpt, at backslash: Int) -> Range<Int> {
        let start = backslash + 1
        var end = start
        while source.byte(end).isLetter || source.byte(end) == UInt8(ascii: "@") { end += 1 }
        return min(start, source.count)..<min(source.count, max(end, start + 1))
    }

    /// Spaces and at most one line end, and comments that run to a line's end.
    func skipSpace(_ start: Int) throws(CancellationError) -> Int {
        var index = start
        var newlines = 0
        while index < source.count {
            try source.poll.advance()
            let byte = source.byte(index)
            if byte == UInt8(ascii: "%") {
                index = source.afterLineEnd(try source.lineEnd(index))
                continue
            }
            guard byte.isSpace else { break }
            if byte == .newline { newlines += 1 }
            if newlines > 1 { return start }
            index += 1
        }
        return min(index, source.count)
    }

    private static let verbatimEnvironments: Set<String> = [
        "verbatim", "verbatim*", "Verbatim", "Verbatim*", "BVerbatim", "LVerbatim", "lstlisting", "minted", "comment",
        "filecontents", "filecontents*", "alltt",
    ]

    /// The end of what a command takes as it is written; nil for all other commands.
    private func verbatimEnd(command name: Range<Int>) throws(CancellationError) -> Int? {
        switch source.string(name.prefix(16)) {
        case "begin":
            guard source.byte(name.upperBound) == UInt8(ascii: "{"),
                let close = source.bytes[name.upperBound...].prefix(32).firstIndex(of: UInt8(ascii: "}"))
            else { return nil }
            let environment = source.string(name.upperBound + 1..<close)
            guard Self.verbatimEnvironments.contains(environment) else { return nil }
            let end = Array("\\end{\(environment)}".utf8)
            var index = close
            while let next = try source.find(.backslash, from: index) {
                if source.bytes[next...].starts(with: end) { return next + end.count }
                index = next + 1
            }
            return source.count
        case "verb", "lstinline", "mintinline":
            var start = name.upperBound
            if source.byte(start) == UInt8(ascii: "*") { start += 1 }
            let delimiter = source.byte(start)
            if delimiter == UInt8(ascii: "{") || delimiter == UInt8(ascii: "["),
                source.byte(name.lowerBound) != UInt8(ascii: "v")
            {
                return nil
            }
            var end = start + 1
            while end < source.count, source.byte(end) != delimiter {
                if source.byte(end) == .newline { return end }
                try source.poll.advance()
                end += 1
            }
            return min(end + 1, source.count)
        case "iffalse":
            return try source.find("\\fi", from: name.upperBound).map { $0 + 3 } ?? source.count
        default:
            return nil
        }
    }
}

/// Reads a command's arguments one after the other.
struct LaTeXArguments {
    let syntax: LaTeXSyntax
    /// After the last argument that was read.
    var index: Int

    mutating func star() {
        if syntax.source.byte(index) == UInt8(ascii: "*") { index += 1 }
    }

    /// The text of a `{…}` that comes next.
    mutating func required() throws(CancellationError) -> Range<Int>? { try group(UInt8(ascii: "{")) }

    /// The text of a `[…]` that comes next.
    mutating func optional() throws(CancellationError) -> Range<Int>? { try group(UInt8(ascii: "[")) }

    private mutating func group(_ open: UInt8) throws(CancellationError) -> Range<Int>? {
        guard let text = syntax.group(at: try syntax.skipSpace(index), open) else { return nil }
        index = text.upperBound + 1
        return text
    }
}
