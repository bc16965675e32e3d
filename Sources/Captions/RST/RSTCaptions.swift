/// `.. figure::` with its caption paragraph, and `.. image::` with `:alt:` (also as substitution definitions), in
/// reStructuredText.
///
/// A figure's caption is the first paragraph of its body; without one, its `:alt:`, which is text as it stands. Literal
/// blocks, code directives and comments are passed over, and so is what looks like a directive inside a paragraph.
/// (Docutils' "reStructuredText Markup Specification" and "reStructuredText Directives", section Images.)
struct RSTCaptions {
    private let source: Excerpt
    private let lines: [RSTLine]
    private let substitutions: [String: String]

    init(source: Excerpt) throws(CancellationError) {
        self.source = source
        lines = try RSTLine.lines(of: source)
        substitutions = try RSTLine.substitutions(in: lines, of: source)
    }

    func captions() throws(CancellationError) -> [FoundCaption] {
        var found: [FoundCaption] = []
        var line = 0
        // Where the text of a line begins: after the markers of lists, which hold text of their own.
        var start = lines.first?.start ?? 0
        func go(to next: Int) {
            line = next
            start = next < lines.count ? lines[next].start : 0
        }
        while line < lines.count {
            try source.poll.advance(8)
            let text = start..<lines[line].end
            if text.isEmpty {
                go(to: line + 1)
            } else if let markup = try RSTExplicitMarkup(source: source, text: text) {
                let block = line + 1..<blockEnd(after: line, start, markup)
                if markup.isImage {
                    let image = try image(markup, block)
                    if let image { found.append(image.caption) }
                    // A figure's legend is text like the rest.
                    go(to: image?.legend ?? block.upperBound)
                } else if markup.holdsText, !markup.text.isEmpty {
                    start = markup.text.lowerBound
                } else {
                    go(to: markup.holdsText ? line + 1 : block.upperBound)
                }
            } else if let marker = RSTListMarker.end(source, text), isItem(line, start) {
                start = marker
            } else {
                go(to: try paragraphEnd(line, start))
            }
        }
        return found
    }

    /// The line after the lines that are indented deeper than explicit markup.
    private func blockEnd(after line: Int, _ start: Int, _ markup: RSTExplicitMarkup) -> Int {
        // Two dots alone before a blank line are a comment of their own.
        if markup.isEmptyComment, line + 1 >= lines.count || lines[line + 1].isBlank { return line + 1 }
        if start == lines[line].start { return lines[line].blockEnd }
        // After a list's marker, text is as deep as the marker is wide.
        let indent = lines[line].indent + start - lines[line].start
        var end = line + 1
        while end < lines[line].blockEnd, lines[end].isBlank || lines[end].indent > indent {
            end = lines[end].isBlank ? end + 1 : max(end + 1, lines[end].blockEnd)
        }
        return end
    }

    /// Whether a line with an enumerator begins an item: the next line is blank, indented or another item.
    private func isItem(_ line: Int, _ start: Int) -> Bool {
        let first = source.byte(start)
        if "*+-:".utf8.contains(first) || first >= 0x80 { return true }
        guard line + 1 < lines.count, !lines[line + 1].isBlank else { return true }
        let indent = lines[line].indent + start - lines[line].start
        return lines[line + 1].indent > indent
            || RSTListMarker.end(source, lines[line + 1].start..<lines[line + 1].end) != nil
    }

    /// The line after a paragraph, and after the literal block that `::` at its end announces.
    private func paragraphEnd(_ first: Int, _ start: Int) throws(CancellationError) -> Int {
        let indent = lines[first].indent + start - lines[first].start
        var end = first + 1
        var last = start..<lines[first].end
        // An underline ends a title, and is as long or at least no short one.
        func isUnderline(_ text: Range<Int>, of line: Int) -> Bool {
            let title = line == first ? start..<lines[line].end : lines[line].start..<lines[line].end
            return isLineOfOneMark(text) && (text.count >= 4 || text.count >= source.string(title).unicodeScalars.count)
        }
        let hasOverline = isLineOfOneMark(last) && last.count >= 4
        // The body of a field or of explicit markup goes on in lines that are indented deeper than its name, however
        // deep.
        let isBody = start > lines[first].start && ":.".utf8.contains(source.byte(lines[first].start))
        let depth = isBody && end < lines.count ? lines[end].indent : indent
        if isBody, depth <= lines[first].indent { return end }
        // A line block ends at what is not a line of it.
        let isLineBlock = isOfLineBlock(start..<lines[first].end)
        while end < lines.count, !lines[end].isBlank, lines[end].indent == depth {
            if isLineBlock, !isOfLineBlock(lines[end].start..<lines[end].end) { return end }
            last = lines[end].start..<lines[end].end
            end += 1
            try source.poll.advance(last.count)
            if end == first + (hasOverline ? 3 : 2), isUnderline(last, of: end - 2) { return end }
        }
        guard source.bytes[last].suffix(2).elementsEqual("::".utf8), !isLineOfOneMark(last) || last.count == 2 else {
            return end
        }
        // A line with deeper ones right below is a term with its definition.
        if end == first + 1, last.count > 2, end < lines.count, !lines[end].isBlank, lines[end].indent > indent {
            return end
        }
        var body = end
        while body < lines.count, lines[body].isBlank { body += 1 }
        guard body < lines.count else { return lines.count }
        if lines[body].indent > indent { return lines[body].end(of: indent, in: lines, from: body) }
        // A quoted literal block: unindented lines that begin with the same punctuation.
        let quote = source.byte(lines[body].start)
        guard body > end, lines[body].indent == indent, quote.isPunctuation else { return end }
        while body < lines.count, !lines[body].isBlank, source.byte(lines[body].start) == quote { body += 1 }
        return body
    }

    /// `====`, as under and over titles.
    private func isLineOfOneMark(_ text: Range<Int>) -> Bool {
        let byte = source.byte(text.lowerBound)
        return !text.isEmpty && byte.isPunctuation && source.bytes[text].allSatisfy { $0 == byte }
    }

    private func isOfLineBlock(_ text: Range<Int>) -> Bool {
        source.has("|", at: text.lowerBound) && (text.count == 1 || source.byte(text.lowerBound + 1).isSpace)
    }

    // MARK: Images

    /// How deep the least indented line of a body is.
    private func bodyIndent(of markup: RSTExplicitMarkup, _ block: Range<Int>) -> Int {
        let first = lines[block.lowerBound - 1]
        if markup.start == first.start { return first.bodyIndent }
        var (line, least) = (block.lowerBound, Int.max)
        while line < block.upperBound {
            if !lines[line].isBlank { least = min(least, lines[line].indent) }
            line = lines[line].isBlank ? line + 1 : max(line + 1, lines[line].blockEnd)
        }
        return least
    }

    /// - Returns: the image, and the line that its figure's legend begins at.
    private func image(
        _ markup: RSTExplicitMarkup, _ block: Range<Int>
    ) throws(CancellationError) -> (caption: FoundCaption, legend: Int)? {
        var argument = [markup.argument].filter { !$0.isEmpty }
        // An option in the path's place is one, and then there is no path.
        if !argument.isEmpty, try option(markup.argument) != nil { return nil }
        // All lines begin where the block does, or belong to the one before.
        let indent = bodyIndent(of: markup, block)
        var alt: MappedText?
        var last = markup.argument.upperBound
        var line = block.lowerBound
        // The path's lines, then the options', up to a blank line.
        var options = argument.isEmpty && line < block.upperBound && lines[line].isBlank ? line..<line : nil
        while line < block.upperBound, !lines[line].isBlank, options == nil {
            let text = lines[line].start..<lines[line].end
            if try option(text) != nil { break }
            argument.append(text)
            last = text.upperBound
            line += 1
        }
        if options == nil { options = line..<line }
        if line < block.upperBound, !lines[line].isBlank, lines[line].indent > indent { return nil }
        while line < block.upperBound, !lines[line].isBlank,
            let option = try option(lines[line].start..<lines[line].end)
        {
            let end = optionEnd(line, block.upperBound)
            last = lines[end - 1].end
            if source.bytes[option.name].elementsEqual("alt".utf8) {
                alt = try plain([option.value] + lines[line + 1..<end].map { $0.start..<$0.end })
            }
            line = end
        }
        var caption: MappedText?
        while line < block.upperBound, lines[line].isBlank { line += 1 }
        // An image has no body.
        if markup.name == "image", line < block.upperBound { return nil }
        if markup.name == "figure", line < block.upperBound {
            var end = line
            while end < block.upperBound, !lines[end].isBlank { end += 1 }
            if lines[line].indent == indent, try isParagraph(line..<end) {
                caption = try RSTPlainText(source: source, substitutions: substitutions)
                    .paragraph(lines[line..<end].map { $0.start..<$0.end })
                last = lines[end - 1].end
                line = try paragraphEnd(line, lines[line].start)
            } else {
                line = block.upperBound
            }
        }
        // In the place of a substitution, its name stands for a picture that cannot be shown.
        if caption == nil, alt == nil, let name = markup.substitution { alt = try plain([name]) }
        guard let path = try RSTPlainText.path(argument, of: source) else { return nil }
        let found = FoundCaption(
            image: ImageReference(uri: path), caption: try (caption ?? alt ?? MappedText()).collapsed(source.poll),
            range: source.sourceRange(markup.start..<last), isDecorative: alt != nil)
        return (found, line)
    }

    /// Whether the lines are one paragraph, and no list, definition, table or explicit markup.
    private func isParagraph(_ range: Range<Int>) throws(CancellationError) -> Bool {
        let first = lines[range.lowerBound]
        let text = first.start..<first.end
        if RSTListMarker.end(source, text) != nil { return false }
        if try RSTExplicitMarkup(source: source, text: text) != nil { return false }
        if source.has("..", at: text.lowerBound), text.count == 2 || source.byte(text.lowerBound + 2).isSpace {
            return false
        }
        if text.count < 4, isLineOfOneMark(text) { return false }
        if source.has(">>> ", at: text.lowerBound) || source.has("| ", at: text.lowerBound) { return false }
        return range.count < 2 || lines[range.lowerBound + 1].indent == first.indent
    }

    private func plain(_ ranges: [Range<Int>]) throws(CancellationError) -> MappedText {
        var result = MappedText()
        for (index, range) in ranges.enumerated() {
            if index > 0 {
                result.append(" ", for: source.sourceRange(ranges[index - 1].upperBound..<range.lowerBound))
            }
            try result.append(range, of: source)
        }
        return result
    }

    private func option(_ text: Range<Int>) throws(CancellationError) -> (name: Range<Int>, value: Range<Int>)? {
        guard source.byte(text.lowerBound) == UInt8(ascii: ":"),
            let close = try source.find(UInt8(ascii: ":"), from: text.lowerBound + 1, to: text.upperBound),
            close > text.lowerBound + 1, close + 1 == text.upperBound || source.byte(close + 1).isSpace
        else { return nil }
        return (text.lowerBound + 1..<close, source.trimmed(close + 1..<text.upperBound))
    }

    /// An option's value goes on over lines that are neither blank nor options and indented deeper than the option.
    private func optionEnd(_ line: Int, _ limit: Int) -> Int {
        var end = line + 1
        while end < limit, !lines[end].isBlank, lines[end].indent > lines[line].indent { end += 1 }
        return end
    }
}

/// A line with its indentation.
struct RSTLine {
    /// The line's text without white space at its ends.
    var start: Int
    var end: Int
    var indent: Int
    /// The line after the block of lines that are indented deeper than this one.
    var blockEnd = 0
    /// How deep the least indented of them is; 0 where there are none.
    var bodyIndent = 0

    var isBlank: Bool { start == end }

    static func lines(of source: Excerpt) throws(CancellationError) -> [RSTLine] {
        var lines: [RSTLine] = []
        for range in try source.lines() {
            try source.poll.advance(8)
            let text = source.trimmed(range)
            var indent = 0
            for byte in source.bytes[range.lowerBound..<max(text.lowerBound, range.lowerBound)] {
                indent += byte == .tab ? 8 - indent % 8 : 1
            }
            lines.append(RSTLine(start: text.lowerBound, end: text.upperBound, indent: text.isEmpty ? 0 : indent))
        }
        // From the last line up, lines that are not indented deeper than a later one end nothing any more.
        var ends: [(indent: Int, line: Int)] = []
        for line in lines.indices.reversed() where !lines[line].isBlank {
            try source.poll.advance(8)
            while let last = ends.last, last.indent > lines[line].indent {
                lines[line].bodyIndent = last.indent
                ends.removeLast()
            }
            lines[line].blockEnd = ends.last?.line ?? lines.count
            ends.append((lines[line].indent, line))
        }
        return lines
    }

    /// The line after the lines from `first` that are indented deeper than `indent`.
    func end(of indent: Int, in lines: [RSTLine], from first: Int) -> Int {
        var line = first
        while line < lines.count, lines[line].isBlank || lines[line].indent > indent {
            line = lines[line].isBlank ? line + 1 : max(line + 1, lines[line].blockEnd)
        }
        return line
    }

    /// The texts of `.. |name| replace:: text`.
    static func substitutions(in lines: [RSTLine], of source: Excerpt) throws(CancellationError) -> [String: String] {
        var result: [String: String] = [:]
        for line in lines where source.has(".. |", at: line.start) {
            guard let markup = try RSTExplicitMarkup(source: source, text: line.start..<line.end),
                let name = markup.substitution, name.count <= 256
            else { continue }
            let key = normalized(source.string(name))
            switch markup.name {
            case "replace":
                let text = try RSTPlainText(source: source, substitutions: [:]).paragraph([markup.argument])
                if result[key] == nil, !markup.argument.isEmpty, markup.argument.count <= 4_096 {
                    result[key] = text.text
                }
            case "unicode":
                let words = source.string(markup.argument.prefix(256)).split(separator: " ").prefix { $0 != ".." }
                let text = words.map { word in
                    let digits = ["0x", "U+", "u+", "\\u", "x"].first { word.hasPrefix($0) }.map {
                        word.dropFirst($0.count)
                    }
                    return digits.flatMap { UInt32($0, radix: 16) }.flatMap(Unicode.Scalar.init).map { String($0) }
                        ?? String(word)
                }
                if result[key] == nil { result[key] = text.joined() }
            default: break
            }
        }
        return result
    }

    /// Names match without regard to case and white space.
    static func normalized(_ name: String) -> String {
        name.split(whereSeparator: \.isWhitespace).joined(separator: " ").lowercased()
    }
}

/// `.. name:: argument`, `.. |substitution| name:: argument`, a target, a footnote, or a comment.
struct RSTExplicitMarkup {
    /// The index of `..`.
    let start: Int
    /// A directive's name in lower case; nothing for all else.
    private(set) var name = ""
    private(set) var argument: Range<Int>
    private(set) var substitution: Range<Int>?
    /// The part of a body that stands on this line: a footnote's or an admonition's.
    private(set) var text: Range<Int>
    let isEmptyComment: Bool
    /// A target or footnote, whose body is text.
    private var isReference = false

    var isImage: Bool { name == "image" || name == "figure" }

    /// Whether the body is text like the rest. That of an unknown directive is taken to be.
    var holdsText: Bool { isReference || !name.isEmpty && !Self.verbatimDirectives.contains(name) }

    private static let admonitions: Set<String> = [
        "attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning",
    ]

    private static let verbatimDirectives: Set<String> = [
        "code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "raw", "math", "highlight", "replace",
        "unicode", "date", "csv-table", "include", "meta", "role", "default-role", "title", "contents", "sectnum",
    ]

    /// The index behind `[label]`, with which a footnote or citation begins.
    private static func labelEnd(_ source: Excerpt, _ text: Range<Int>) -> Int? {
        guard source.byte(text.lowerBound) == UInt8(ascii: "[") else { return nil }
        let label = source.bytes[text].dropFirst().prefix { $0 != UInt8(ascii: "]") && !$0.isSpace }
        let close = label.endIndex
        guard !label.isEmpty, close < text.upperBound, source.byte(close) == UInt8(ascii: "]") else { return nil }
        return close + 1 == text.upperBound || source.byte(close + 1).isSpace ? close + 1 : nil
    }

    /// Nil where the text does not begin with two dots and a space.
    init?(source: Excerpt, text: Range<Int>) throws(CancellationError) {
        start = text.lowerBound
        guard source.has("..", at: start), text.count == 2 || text.count > 2 && source.byte(start + 2).isSpace else {
            return nil
        }
        var index = source.contentStart(min(start + 2, text.upperBound)..<text.upperBound)
        isEmptyComment = index == text.upperBound
        argument = text.upperBound..<text.upperBound
        self.text = argument
        if index < text.upperBound, source.byte(index) == UInt8(ascii: "_") {
            isReference = true
            return
        }
        if let close = Self.labelEnd(source, index..<text.upperBound) {
            isReference = true
            self.text = source.trimmed(close..<text.upperBound)
            return
        }
        if source.byte(index) == UInt8(ascii: "|"),
            let close = try source.find("| ", from: index + 1, to: text.upperBound)
        {
            substitution = index + 1..<close
            index = source.contentStart(close + 1..<text.upperBound)
        }
        // Words joined by single `-`, `_`, `+`, `:` or `.`.
        var end = index
        while end < text.upperBound {
            try source.poll.advance()
            let byte = source.byte(end)
            if byte.isAlphanumeric || byte >= 0x80 {
                end += 1
            } else if end > index, "-_+:.".utf8.contains(byte), end + 1 < text.upperBound,
                source.byte(end + 1).isAlphanumeric || source.byte(end + 1) >= 0x80
            {
                end += 1
            } else {
                break
            }
        }
        let colons = source.byte(end) == .space && end > index ? end + 1 : end
        let after = colons + 2
        guard end > index, source.has("::", at: colons), after <= text.upperBound,
            after == text.upperBound || source.byte(after).isSpace
        else { return }
        name = String(decoding: source.bytes[(index..<end).prefix(64)].map(\.lowercased), as: UTF8.self)
        argument = source.trimmed(after..<text.upperBound)
        if substitution == nil, Self.admonitions.contains(name) { self.text = argument }
    }
}

/// Markers of lists and fields, after which text begins on the same line.
enum RSTListMarker {
    /// The index of the text after a bullet, an enumerator or a field's name; nil where the text begins with none.
    static func end(_ source: Excerpt, _ text: Range<Int>) -> Int? {
        guard !text.isEmpty else { return nil }
        var index = text.lowerBound
        if source.byte(index) == UInt8(ascii: ":") { return fieldEnd(source, text) }
        if "*+-".utf8.contains(source.byte(index)) || source.has("•", at: index) {
            index += source.byte(index) < 0x80 ? 1 : 3
        } else {
            let isOpen = source.byte(index) == UInt8(ascii: "(")
            if isOpen { index += 1 }
            let start = index
            if source.byte(index) == UInt8(ascii: "#") {
                index += 1
            } else {
                while index - start < 9, source.byte(index).isDigit { index += 1 }
                if index == start, source.byte(index).isLetter { index += 1 }
            }
            guard index > start, index < text.upperBound,
                source.byte(index) == UInt8(ascii: ")") || (!isOpen && source.byte(index) == UInt8(ascii: "."))
            else { return nil }
            index += 1
        }
        guard index < text.upperBound, source.byte(index).isSpace else { return nil }
        return source.contentStart(index..<text.upperBound)
    }

    /// After `:name:` and a space, or at the line's end.
    private static func fieldEnd(_ source: Excerpt, _ text: Range<Int>) -> Int? {
        var index = text.lowerBound + 1
        guard index < text.upperBound, !source.byte(index).isSpace, source.byte(index) != UInt8(ascii: ":") else {
            return nil
        }
        while index < text.upperBound {
            if source.byte(index) == UInt8(ascii: ":"), index + 1 == text.upperBound || source.byte(index + 1).isSpace {
                return source.contentStart(index + 1..<text.upperBound)
            }
            index += source.byte(index) == UInt8(ascii: "\\") ? 2 : 1
        }
        return nil
    }
}
