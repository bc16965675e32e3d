/// Blocks of HTML in Markdown (CommonMark 0.31, section 4.6), by what ends them.
enum MarkdownHTMLBlock {
    /// `<script`, `<pre`, `<style`, `<textarea`
    case rawText
    /// Up to a text: comments, processing instructions, declarations, CDATA, comments of MDX.
    case comment(StaticString)
    case element

    private static let elements: Set<String> = [
        "address", "article", "aside", "base", "basefont", "blockquote", "body", "caption", "center", "col", "colgroup",
        "dd", "details", "dialog", "dir", "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form",
        "frame", "frameset", "h1", "h2", "h3", "h4", "h5", "h6", "head", "header", "hr", "html", "iframe", "legend",
        "li", "link", "main", "menu", "menuitem", "nav", "noframes", "ol", "optgroup", "option", "p", "param", "search",
        "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "title", "tr", "track", "ul",
    ]

    /// The block that a line begins with `<`; nil where it begins none.
    init?(_ source: Excerpt, _ line: Range<Int>, isInParagraph: Bool) throws(CancellationError) {
        let start = line.lowerBound
        if source.has("<!--", at: start) {
            self = .comment("-->")
        } else if source.has("<?", at: start) {
            self = .comment("?>")
        } else if source.has("<![CDATA[", at: start) {
            self = .comment("]]>")
        } else if source.has("<!", at: start), source.byte(start + 2).isLetter {
            self = .comment(">")
        } else {
            let isClosing = source.byte(start + 1) == UInt8(ascii: "/")
            let nameStart = start + (isClosing ? 2 : 1)
            var end = nameStart
            while end < line.upperBound, end - nameStart < 32, source.byte(end).isAlphanumeric { end += 1 }
            let name = HTMLTag.lowercased(nameStart..<max(nameStart, end), in: source)
            let after = end < line.upperBound ? source.byte(end) : .space
            let isEnded = after.isSpace || after == UInt8(ascii: ">")
            if !isClosing, isEnded, ["script", "pre", "style", "textarea"].contains(name) {
                self = .rawText
            } else if Self.elements.contains(name), isEnded || source.has("/>", at: end) {
                self = .element
            } else {
                var reader = MarkdownHTMLReader(source: source, end: line.upperBound)
                guard !isInParagraph, let tag = try reader.tag(at: start), source.isBlank(tag.end..<line.upperBound)
                else {
                    return nil
                }
                self = .element
            }
        }
    }

    var endsAtBlankLine: Bool {
        if case .element = self { true } else { false }
    }

    /// Whether a line ends the block; for lines with text.
    func isEnded(by line: MarkdownLine) -> Bool {
        let bytes = line.source.bytes[line.index..<line.end]
        func holds(_ text: StaticString) -> Bool {
            var index = bytes.startIndex
            while index + text.utf8CodeUnitCount <= bytes.endIndex {
                if line.source.has(text, at: index, caseInsensitive: true) { return true }
                index += 1
            }
            return false
        }
        switch self {
        case .element: return false
        case .rawText: return holds("</script>") || holds("</pre>") || holds("</style>") || holds("</textarea>")
        case .comment(let end): return holds(end)
        }
    }
}

/// HTML inside a line of Markdown, which is stricter than HTML itself (CommonMark 0.31, section 6.6).
struct MarkdownHTMLReader {
    let source: Excerpt
    private let end: Int
    private var comments: Occurrences
    private var instructions: Occurrences
    private var sections: Occurrences
    private var declarations: Occurrences

    init(source: Excerpt, end: Int? = nil) {
        self.source = source
        self.end = end ?? source.count
        comments = Occurrences("-->", to: end)
        instructions = Occurrences("?>", to: end)
        sections = Occurrences("]]>", to: end)
        declarations = Occurrences(">", to: end)
    }

    /// A tag that begins at `<`, opening or closing; nil where none does.
    mutating func tag(at start: Int) throws(CancellationError) -> HTMLTag? {
        let isClosing = source.byte(start + 1) == UInt8(ascii: "/")
        var index = start + (isClosing ? 2 : 1)
        guard source.byte(index).isLetter else { return nil }
        let nameStart = index
        while index < end, source.byte(index).isAlphanumeric || source.byte(index) == UInt8(ascii: "-") { index += 1 }
        var tag = HTMLTag(start: start, name: nameStart..<index, end: index)
        while true {
            let spaceStart = index
            index = try skipSpace(index)
            guard index < end else { return nil }
            let byte = source.byte(index)
            if byte == UInt8(ascii: ">")
                || (byte == UInt8(ascii: "/") && source.byte(index + 1) == UInt8(ascii: ">") && !isClosing)
            {
                tag.isSelfClosing = byte == UInt8(ascii: "/")
                tag.end = index + (tag.isSelfClosing ? 2 : 1)
                return tag.end <= end ? tag : nil
            }
            guard !isClosing, index > spaceStart, let attribute = try attribute(&index) else { return nil }
            tag.attributes.append(attribute)
        }
    }

    private func skipSpace(_ start: Int) throws(CancellationError) -> Int {
        var index = start
        while index < end, source.byte(index).isSpace {
            try source.poll.advance()
            index += 1
        }
        return index
    }

    private func attribute(_ index: inout Int) throws(CancellationError) -> HTMLTag.Attribute? {
        let start = index
        guard
            source.byte(index).isLetter || source.byte(index) == UInt8(ascii: "_")
                || source.byte(index) == UInt8(ascii: ":")
        else { return nil }
        while index < end, source.byte(index).isAlphanumeric || "_.:-".utf8.contains(source.byte(index)) {
            try source.poll.advance()
            index += 1
        }
        var attribute = HTMLTag.Attribute(name: start..<index, value: nil, form: .none)
        let equals = try skipSpace(index)
        guard equals < end, source.byte(equals) == UInt8(ascii: "=") else { return attribute }
        let value = try skipSpace(equals + 1)
        guard value < end else { return nil }
        let quote = source.byte(value)
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard let close = try source.find(quote, from: value + 1, to: end) else { return nil }
            (attribute.value, attribute.form, index) = (value + 1..<close, .quoted, close + 1)
            return attribute
        }
        var next = value
        while next < end, !source.byte(next).isSpace, !"\"'=<>`".utf8.contains(source.byte(next)) {
            try source.poll.advance()
            next += 1
        }
        guard next > value else { return nil }
        (attribute.value, attribute.form, index) = (value..<next, .unquoted, next)
        return attribute
    }

    /// The index after a comment, a processing instruction, a declaration or a CDATA section; nil where none begins.
    mutating func passedOver(at start: Int) throws(CancellationError) -> Int? {
        if source.has("<!-->", at: start) { return start + 5 }
        if source.has("<!--->", at: start) { return start + 6 }
        if source.has("<!--", at: start) { return try comments.next(in: source, from: start + 4).map { $0 + 3 } }
        if source.has("<?", at: start) { return try instructions.next(in: source, from: start + 2).map { $0 + 2 } }
        if source.has("<![CDATA[", at: start) { return try sections.next(in: source, from: start + 9).map { $0 + 3 } }
        if source.has("<!", at: start), source.byte(start + 2).isLetter {
            return try declarations.next(in: source, from: start + 2).map { $0 + 1 }
        }
        return nil
    }
}
