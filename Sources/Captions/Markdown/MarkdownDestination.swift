/// Where a link or image points: `(path "title")`, and the definitions of reference links.
enum MarkdownDestination {
    /// The parenthesised part that starts at `(`: the destination's range and the index after `)`. CommonMark section
    /// 6.3.
    static func inline(_ block: Excerpt, at open: Int) -> (destination: Range<Int>, end: Int)? {
        let start = skipSpace(block, open + 1)
        guard let (destination, after) = destination(block, at: start) else { return nil }
        var index = skipSpace(block, after)
        if index > after, let end = sizeEnd(block, at: index) { index = skipSpace(block, end) }
        if index > after, let end = titleEnd(block, at: index) { index = skipSpace(block, end) }
        if index > after, let end = sizeEnd(block, at: index) { index = skipSpace(block, end) }
        guard block.byte(index) == UInt8(ascii: ")"), index < block.count else { return nil }
        return (destination, index + 1)
    }

    /// The index after a size such as `=100x200`, `=50%x` or `=x80`, which several programs know.
    private static func sizeEnd(_ block: Excerpt, at start: Int) -> Int? {
        guard block.byte(start) == UInt8(ascii: "=") else { return nil }
        var index = start + 1
        func skipNumber() {
            while block.byte(index).isDigit { index += 1 }
            if block.byte(index) == UInt8(ascii: "%") { index += 1 }
        }
        skipNumber()
        guard block.byte(index) == UInt8(ascii: "x") else { return nil }
        index += 1
        skipNumber()
        return index > start + 2 ? index : nil
    }

    /// A destination in angle brackets or with balanced parentheses (at most 32 deep, so that hostile text stays
    /// linear).
    static func destination(_ block: Excerpt, at start: Int) -> (Range<Int>, next: Int)? {
        var index = start
        if block.byte(index) == UInt8(ascii: "<") {
            index += 1
            while index < block.count {
                switch block.byte(index) {
                case UInt8(ascii: ">"): return (start + 1..<index, index + 1)
                case UInt8(ascii: "<"), .newline, .carriageReturn: return nil
                case .backslash: index += 2
                default: index += 1
                }
            }
            return nil
        }
        var depth = 0
        while index < block.count {
            let byte = block.byte(index)
            if byte == .backslash, block.byte(index + 1).isPunctuation {
                index += 2
                continue
            }
            if byte <= 0x20 || byte == 0x7F { break }
            if byte == UInt8(ascii: "(") {
                depth += 1
                if depth > 32 { return nil }
            } else if byte == UInt8(ascii: ")") {
                if depth == 0 { break }
                depth -= 1
            }
            index += 1
        }
        return depth == 0 && (index > start || block.byte(index) == UInt8(ascii: ")")) ? (start..<index, index) : nil
    }

    /// The index after a title in `"…"`, `'…'` or `(…)`.
    static func titleEnd(_ block: Excerpt, at start: Int) -> Int? {
        let close: UInt8
        switch block.byte(start) {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): close = block.byte(start)
        case UInt8(ascii: "("): close = UInt8(ascii: ")")
        default: return nil
        }
        var index = start + 1
        while index < block.count {
            let byte = block.byte(index)
            if byte == close { return index + 1 }
            if close == UInt8(ascii: ")"), byte == UInt8(ascii: "(") { return nil }
            index += byte == .backslash ? 2 : 1
        }
        return nil
    }

    static func skipSpace(_ block: Excerpt, _ start: Int) -> Int {
        var index = start
        while block.byte(index).isSpace { index += 1 }
        return index
    }

    /// A destination as a URI: escapes and character references decoded.
    static func text(_ range: Range<Int>, of excerpt: Excerpt) throws(CancellationError) -> String {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            try excerpt.poll.advance()
            if excerpt.byte(index) == .backslash, index + 1 < range.upperBound, excerpt.byte(index + 1).isPunctuation {
                try result.appendDecoded(plain..<index, of: excerpt, context: .markdown)
                try result.append(index + 1..<index + 2, of: excerpt)
                index += 2
                plain = index
            } else {
                index += 1
            }
        }
        try result.appendDecoded(plain..<range.upperBound, of: excerpt, context: .markdown)
        return result.text
    }
}

/// `[label]: destination "title"` at the start of a block.
enum MarkdownDefinitions {
    /// Reads the definitions that a block starts with; the first of a label counts. Returns where its text begins.
    static func read(_ block: Excerpt, into definitions: inout [String: String]) throws(CancellationError) -> Int {
        var start = 0
        while let (label, destination, end) = definition(block, at: start) {
            if definitions[label] == nil { definitions[label] = try MarkdownDestination.text(destination, of: block) }
            start = end
        }
        return start
    }

    private static func definition(_ block: Excerpt, at start: Int) -> (
        label: String, destination: Range<Int>, end: Int
    )? {
        let open = MarkdownDestination.skipSpace(block, start)
        guard block.byte(open) == UInt8(ascii: "["), let close = labelEnd(block, at: open),
            block.byte(close) == UInt8(ascii: ":"),
            let (destination, after) = MarkdownDestination.destination(
                block, at: MarkdownDestination.skipSpace(block, close + 1)),
            !destination.isEmpty || block.byte(after - 1) == UInt8(ascii: ">")
        else { return nil }
        let label = normalized(block.string(open + 1..<close - 1))
        if label.isEmpty { return nil }
        let title = MarkdownDestination.skipSpace(block, after)
        if title > after, let end = MarkdownDestination.titleEnd(block, at: title), let line = lineEnd(block, from: end)
        {
            return (label, destination, line)
        }
        return lineEnd(block, from: after).map { (label, destination, $0) }
    }

    /// The index after the `]` of a label that starts at `[`: at most 999 bytes, no brackets inside.
    static func labelEnd(_ block: Excerpt, at open: Int) -> Int? {
        var index = open + 1
        while index < block.count, index - open <= 1_000 {
            switch block.byte(index) {
            case UInt8(ascii: "]"): return index + 1
            case UInt8(ascii: "["): return nil
            case .backslash: index += 2
            default: index += 1
            }
        }
        return nil
    }

    /// The next line's start, where only spaces are left of this line.
    private static func lineEnd(_ block: Excerpt, from start: Int) -> Int? {
        var index = start
        while index < block.count {
            let byte = block.byte(index)
            if byte == .newline || byte == .carriageReturn { return index + 1 }
            guard byte == .space || byte == .tab else { return nil }
            index += 1
        }
        return index
    }

    /// Labels match without regard to case and white space.
    static func normalized(_ label: String) -> String {
        label.lowercased().uppercased().split(whereSeparator: \.isWhitespace).joined(separator: " ")
    }
}
