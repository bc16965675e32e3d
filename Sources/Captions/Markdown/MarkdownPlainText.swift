/// Stretches of inline text that are one thing.
struct MarkdownAtoms {
    enum Kind {
        /// A code span or an autolink: the inner range is shown as it is.
        case code(Range<Int>)
        /// A link or an image: the inner range is shown.
        case link(Range<Int>)
        /// A tag or a comment.
        case hidden
    }

    private(set) var byStart: [Int: (kind: Kind, end: Int)] = [:]

    /// A later atom at the same place encloses the earlier one and takes its place.
    mutating func add(_ kind: Kind, at range: Range<Int>) { byStart[range.lowerBound] = (kind, range.upperBound) }
}

/// A caption's text without its markup: escapes and entities decoded, links and images reduced to their text, emphasis
/// removed.
struct MarkdownPlainText {
    var block: Excerpt
    var atoms: MarkdownAtoms

    func text(_ range: Range<Int>) -> MappedText {
        var result = MappedText()
        append(range, to: &result, depth: 0)
        return result
    }

    private func append(_ range: Range<Int>, to result: inout MappedText, depth: Int) {
        let emphasis = MarkdownEmphasis(block: block, atoms: atoms, range: range).delimiters()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        func flush() { if plain < index { result.append(plain..<index, of: block) } }
        while index < range.upperBound {
            if block.byte(index) == .backslash, index + 1 < range.upperBound,
                block.byte(index + 1).isPunctuation || block.byte(index + 1) == .newline
            {
                flush()
                result.append(block.string(index + 1..<index + 2), for: block.sourceRange(index..<index + 2))
                index += 2
                plain = index
            } else if block.byte(index) == UInt8(ascii: "&"),
                let (text, next) = Entities.decode(block, at: index, end: range.upperBound)
            {
                flush()
                result.append(text, for: block.sourceRange(index..<next))
                (index, plain) = (next, next)
            } else if let atom = atoms.byStart[index], atom.end <= range.upperBound {
                flush()
                switch atom.kind {
                case .hidden: break
                case .code(let inner): result.append(inner, of: block)
                // Markup nested deeper than any caption is shown as it is written.
                case .link(let inner):
                    depth < 16 ? append(inner, to: &result, depth: depth + 1) : result.append(inner, of: block)
                }
                (index, plain) = (atom.end, atom.end)
            } else if let end = emphasis[index] {
                flush()
                (index, plain) = (end, end)
            } else {
                index += 1
            }
        }
        flush()
    }
}

/// Which `*`, `_` and `~~` are emphasis: those that open and close in pairs (CommonMark section 6.2, simplified to
/// whole runs).
private struct MarkdownEmphasis {
    var block: Excerpt
    var atoms: MarkdownAtoms
    var range: Range<Int>

    /// Ends of the delimiter runs to leave out, by their starts.
    func delimiters() -> [Int: Int] {
        var result: [Int: Int] = [:]
        var open: [[UInt8]: [Range<Int>]] = [:]
        var index = range.lowerBound
        while index < range.upperBound {
            if let atom = atoms.byStart[index], atom.end <= range.upperBound {
                index = atom.end
                continue
            }
            let byte = block.byte(index)
            if byte == .backslash {
                index += 2
                continue
            }
            guard [UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~")].contains(byte) else {
                index += 1
                continue
            }
            var end = index
            while end < range.upperBound, block.byte(end) == byte { end += 1 }
            let run = index..<end
            let key = Array(block.bytes[run])
            if canClose(run, byte), let opener = open[key]?.popLast() {
                result[opener.lowerBound] = opener.upperBound
                result[run.lowerBound] = run.upperBound
            } else if canOpen(run, byte) {
                open[key, default: []].append(run)
            }
            index = end
        }
        return result
    }

    private func before(_ run: Range<Int>) -> UInt8 {
        run.lowerBound > range.lowerBound ? block.byte(run.lowerBound - 1) : .space
    }
    private func after(_ run: Range<Int>) -> UInt8 {
        run.upperBound < range.upperBound ? block.byte(run.upperBound) : .space
    }

    private func canOpen(_ run: Range<Int>, _ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "~"), run.count != 2 { return false }
        return !after(run).isSpace && (byte != UInt8(ascii: "_") || !isWord(before(run)))
    }

    private func canClose(_ run: Range<Int>, _ byte: UInt8) -> Bool {
        if byte == UInt8(ascii: "~"), run.count != 2 { return false }
        return !before(run).isSpace && (byte != UInt8(ascii: "_") || !isWord(after(run)))
    }

    private func isWord(_ byte: UInt8) -> Bool { byte.isAlphanumeric || byte >= 0x80 }
}
