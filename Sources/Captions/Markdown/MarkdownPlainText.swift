/// Stretches of inline text that are one thing.
struct MarkdownAtoms {
    enum Kind {
        /// A code span or an autolink: the inner range is shown as it is.
        case code(Range<Int>)
        /// A link or an image: the inner range is shown.
        case link(Range<Int>)
        /// A tag, a comment or a delimiter of emphasis.
        case hidden
    }

    private(set) var byStart: [Int: (kind: Kind, end: Int)] = [:]

    /// A later atom at the same place encloses the earlier one and takes its place.
    mutating func add(_ kind: Kind, at range: Range<Int>) { byStart[range.lowerBound] = (kind, range.upperBound) }
}

/// A caption's text without its markup: escapes and character references decoded, links and images reduced to their
/// text, emphasis removed.
struct MarkdownPlainText {
    let block: Excerpt
    let atoms: MarkdownAtoms

    func text(_ range: Range<Int>) throws(CancellationError) -> MappedText {
        var result = MappedText()
        try append(range, to: &result, depth: 0)
        return result
    }

    private func append(_ range: Range<Int>, to result: inout MappedText, depth: Int) throws(CancellationError) {
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            try block.poll.advance()
            if block.byte(index) == .backslash, index + 1 < range.upperBound,
                block.byte(index + 1).isPunctuation || block.byte(index + 1).isSpace && isLineEnd(index + 1)
            {
                try result.appendDecoded(plain..<index, of: block, context: .markdown)
                result.append(block.string(index + 1..<index + 2), for: block.sourceRange(index..<index + 2))
                index += 2
                plain = index
            } else if let atom = atoms.byStart[index], atom.end <= range.upperBound {
                try result.appendDecoded(plain..<index, of: block, context: .markdown)
                switch atom.kind {
                case .hidden: break
                case .code(let inner): try result.append(inner, of: block)
                case .link(let inner):
                    // Markup nested deeper than any caption is shown as it is written.
                    if depth < 16 {
                        try append(inner, to: &result, depth: depth + 1)
                    } else {
                        try result.append(inner, of: block)
                    }
                }
                (index, plain) = (atom.end, atom.end)
            } else {
                index += 1
            }
        }
        try result.appendDecoded(plain..<range.upperBound, of: block, context: .markdown)
    }

    private func isLineEnd(_ index: Int) -> Bool {
        block.byte(index) == .newline || block.byte(index) == .carriageReturn
    }
}

/// Which `*`, `_` and `~~` are emphasis (CommonMark 0.31, section 6.2 and the appendix's "process emphasis").
struct MarkdownEmphasis {
    private struct Delimiter {
        var byte: UInt8
        /// What is left of the run.
        var range: Range<Int>
        let length: Int
        let canOpen: Bool
        let canClose: Bool
    }

    private var delimiters: [Delimiter] = []

    var count: Int { delimiters.count }

    /// Notes the run of delimiters at an index; returns the index after it.
    mutating func add(_ block: Excerpt, at start: Int) -> Int {
        let byte = block.byte(start)
        var end = start + 1
        while block.byte(end) == byte { end += 1 }
        let (before, after) = (Side(before: start, in: block), Side(after: end, in: block))
        let isLeft = !after.isSpace && (!after.isPunctuation || before.isSpace || before.isPunctuation)
        let isRight = !before.isSpace && (!before.isPunctuation || after.isSpace || after.isPunctuation)
        var (canOpen, canClose) = (isLeft, isRight)
        if byte == UInt8(ascii: "_") {
            canOpen = isLeft && (!isRight || before.isPunctuation)
            canClose = isRight && (!isLeft || after.isPunctuation)
        }
        if byte == UInt8(ascii: "~"), end - start != 2 { return end }
        if canOpen || canClose {
            delimiters.append(
                Delimiter(byte: byte, range: start..<end, length: end - start, canOpen: canOpen, canClose: canClose))
        }
        return end
    }

    /// Pairs the delimiters from the given one on, hides those that are emphasis, and forgets all of them.
    mutating func resolve(from first: Int, in block: Excerpt, into atoms: inout MarkdownAtoms) throws(CancellationError)
    {
        guard first < delimiters.count else { return }
        var openers: [Delimiter] = []
        // For each kind of closing run, how many openers are known not to match.
        var floors: [[Int]: Int] = [:]
        for var closer in delimiters[first...] {
            try block.poll.advance()
            while closer.canClose, !closer.range.isEmpty {
                let kind = [Int(closer.byte), closer.canOpen ? 1 : 0, closer.length % 3]
                var match = openers.count - 1
                let floor = floors[kind] ?? 0
                while match >= floor, !Self.pairs(openers[match], closer) {
                    try block.poll.advance()
                    match -= 1
                }
                guard match >= floor else {
                    floors[kind] = openers.count
                    break
                }
                openers.removeSubrange((match + 1)...)
                for kind in floors.keys { floors[kind] = min(floors[kind] ?? 0, openers.count) }
                let opener = openers[match].range
                let width = opener.count >= 2 && closer.range.count >= 2 ? 2 : 1
                atoms.add(.hidden, at: opener.upperBound - width..<opener.upperBound)
                atoms.add(.hidden, at: closer.range.lowerBound..<closer.range.lowerBound + width)
                openers[match].range = opener.lowerBound..<opener.upperBound - width
                closer.range = closer.range.lowerBound + width..<closer.range.upperBound
                if openers[match].range.isEmpty { openers.removeLast() }
            }
            if closer.canOpen, !closer.range.isEmpty { openers.append(closer) }
        }
        delimiters.removeSubrange(first...)
    }

    private static func pairs(_ opener: Delimiter, _ closer: Delimiter) -> Bool {
        guard opener.byte == closer.byte else { return false }
        if opener.byte == UInt8(ascii: "~") { return true }
        // The rule of three for runs that could be both.
        return !(opener.canClose || closer.canOpen) || (opener.length + closer.length) % 3 != 0
            || (opener.length % 3 == 0 && closer.length % 3 == 0)
    }

    /// The character beside a run.
    private struct Side {
        var isSpace = true
        var isPunctuation = false

        init(before index: Int, in block: Excerpt) {
            guard index > 0 else { return }
            var start = index - 1
            while start > 0, block.byte(start) & 0xC0 == 0x80 { start -= 1 }
            read(block.string(start..<index))
        }

        init(after index: Int, in block: Excerpt) {
            guard index < block.count else { return }
            var end = index + 1
            while end < block.count, block.byte(end) & 0xC0 == 0x80 { end += 1 }
            read(block.string(index..<end))
        }

        private mutating func read(_ text: String) {
            guard let scalar = text.unicodeScalars.first else { return }
            isSpace = scalar.properties.isWhitespace
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
                .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol:
                isPunctuation = true
            default: break
            }
        }
    }
}
