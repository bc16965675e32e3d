/// What is written in a file of the HTML family.
enum HTMLDialect: String, CaseIterable, Sendable {
    case html, htmldjango, handlebars, vue, svelte
}

/// Splits HTML into text and tags by the states of the Living Standard's tokenizer (section 13.2.5).
///
/// Comments, doctypes, CDATA sections, processing instructions and the text of raw-text elements are passed over.
/// Expressions of template languages inside a tag (`{{ … }}`, `{% … %}`, `{# … #}`, `<% … %>`, `<?php … ?>`, in Svelte
/// `{ … }`) are one piece, whatever quotes and brackets they hold; a browser never sees them. One pass, no steps back.
struct HTMLTokenizer {
    enum Token {
        case text(Range<Int>)
        case start(HTMLTag)
        case end(name: Range<Int>)
    }

    let source: Excerpt
    let dialect: HTMLDialect
    private var index = 0
    /// The open elements of SVG and MathML, where CDATA sections are text and titles are not raw text.
    private var foreign: [String] = []
    private var rawText: String?
    private var templates = TemplateExpressions()
    private var scripts: JavaScriptScanner

    init(source: Excerpt, dialect: HTMLDialect) {
        self.source = source
        self.dialect = dialect
        scripts = JavaScriptScanner(source: source, dialect: .svelte)
    }

    /// The next token; nil at the end.
    mutating func next() throws(CancellationError) -> Token? {
        if let name = rawText {
            rawText = nil
            try skipRawText(of: name)
        }
        var start = index
        while index < source.count {
            try source.poll.advance()
            if let end = try expressionInText() {
                if start < index { return .text(start..<index) }
                index = end
                return .text(start..<end)
            }
            guard source.byte(index) == UInt8(ascii: "<"), opensMarkup(at: index) else {
                index += 1
                continue
            }
            if start < index { return .text(start..<index) }
            if let token = try markup() { return token }
            start = index
        }
        return start < index ? .text(start..<index) : nil
    }

    /// Whether `<` begins anything but text.
    private func opensMarkup(at index: Int) -> Bool {
        let next = source.byte(index + 1)
        return next.isLetter || next == UInt8(ascii: "!") || next == UInt8(ascii: "?") || next == UInt8(ascii: "/")
            || next == UInt8(ascii: "%")
    }

    /// The end of a template expression that stands in text.
    private mutating func expressionInText() throws(CancellationError) -> Int? {
        switch (dialect, source.byte(index), source.byte(index + 1)) {
        case (.svelte, UInt8(ascii: "{"), _):
            return try scripts.bracesEnd(at: index)
        case (.handlebars, UInt8(ascii: "{"), UInt8(ascii: "{")), (.vue, UInt8(ascii: "{"), UInt8(ascii: "{")),
            (.htmldjango, UInt8(ascii: "{"), _):
            return try templates.end(in: source, at: index)
        default:
            return nil
        }
    }

    /// Reads what begins with `<`; nil where it is passed over.
    private mutating func markup() throws(CancellationError) -> Token? {
        switch source.byte(index + 1) {
        case UInt8(ascii: "!"):
            if source.has("<!--", at: index) {
                index = try commentEnd(from: index + 4)
            } else if !foreign.isEmpty, source.has("<![CDATA[", at: index) {
                index = try source.find("]]>", from: index + 9).map { $0 + 3 } ?? source.count
            } else {
                try skipBogusComment()
            }
        case UInt8(ascii: "?"), UInt8(ascii: "%"):
            if let end = try templates.end(in: source, at: index) {
                index = end
            } else if source.byte(index + 1) == UInt8(ascii: "%") {
                index += 1
            } else if source.has("<?php", at: index, caseInsensitive: true) || source.has("<?=", at: index) {
                index = source.count
            } else {
                try skipBogusComment()
            }
        case UInt8(ascii: "/"):
            guard source.byte(index + 2).isLetter else {
                if source.has("</>", at: index) { index += 3 } else { try skipBogusComment() }
                return nil
            }
            guard let tag = try tag(nameStart: index + 2) else { return nil }
            closeForeign(tag)
            return .end(name: tag.name)
        default:
            guard let tag = try tag(nameStart: index + 1) else { return nil }
            let name = tag.lowercasedName(in: source)
            if foreign.isEmpty || foreign.last.map(Self.integrationPoints.contains) ?? false {
                if isRawText(name, tag) { rawText = name }
            }
            openForeign(name, tag)
            return .start(tag)
        }
        return nil
    }

    private mutating func skipBogusComment() throws(CancellationError) {
        index = try source.find(UInt8(ascii: ">"), from: index).map { $0 + 1 } ?? source.count
    }

    /// The index after a comment whose text begins at `start`: `-->`, `--!>`, or at once `>` or `->`.
    private func commentEnd(from start: Int) throws(CancellationError) -> Int {
        if source.byte(start) == UInt8(ascii: ">") { return start + 1 }
        if source.has("->", at: start) { return start + 2 }
        var index = start
        while let dashes = try source.find("--", from: index) {
            if source.byte(dashes + 2) == UInt8(ascii: ">") { return dashes + 3 }
            if source.has("!>", at: dashes + 2) { return dashes + 4 }
            index = dashes + 1
        }
        return source.count
    }

    /// A tag whose name begins at `nameStart`; nil, with everything passed over, where the document ends inside it.
    private mutating func tag(nameStart: Int) throws(CancellationError) -> HTMLTag? {
        var tag = HTMLTag(start: index, name: nameStart..<nameStart, end: index)
        index = nameStart
        while index < source.count, !Self.endsName(source.byte(index)) { try step() }
        tag.name = nameStart..<index
        while index < source.count {
            let byte = source.byte(index)
            if byte.isSpace {
                try step()
            } else if byte == UInt8(ascii: "/") {
                try step()
                tag.isSelfClosing = source.byte(index) == UInt8(ascii: ">")
            } else if byte == UInt8(ascii: ">") {
                index += 1
                tag.end = index
                return tag
            } else if let end = try templates.end(in: source, at: index) {
                index = end
            } else if dialect == .svelte, byte == UInt8(ascii: "{"), let end = try scripts.bracesEnd(at: index) {
                tag.attributes.append(HTMLTag.Attribute(name: index..<index, value: index + 1..<end - 1, form: .braced))
                index = end
            } else if let attribute = try attribute() {
                tag.attributes.append(attribute)
            }
        }
        return nil
    }

    /// An attribute; nil where the document ends inside it.
    private mutating func attribute() throws(CancellationError) -> HTMLTag.Attribute? {
        let start = index
        // An equals sign that comes first belongs to the name.
        try step()
        while index < source.count, !Self.endsName(source.byte(index)), source.byte(index) != UInt8(ascii: "=") {
            try step()
        }
        let name = start..<index
        var next = index
        while source.byte(next).isSpace {
            try source.poll.advance()
            next += 1
        }
        guard source.byte(next) == UInt8(ascii: "=") else {
            index = next
            return HTMLTag.Attribute(name: name, value: nil, form: .none)
        }
        index = next + 1
        while source.byte(index).isSpace { try step() }
        let quote = source.byte(index)
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            let value = index + 1
            guard let close = try source.find(quote, from: value) else {
                index = source.count
                return nil
            }
            index = close + 1
            return HTMLTag.Attribute(name: name, value: value..<close, form: .quoted)
        }
        if dialect == .svelte, quote == UInt8(ascii: "{"), let end = try scripts.bracesEnd(at: index) {
            // `{a}b` and `{a}{b}` are texts with expressions in them.
            let isWhole = source.byte(end).isSpace || "/>".utf8.contains(source.byte(end))
            if isWhole {
                defer { index = end }
                return HTMLTag.Attribute(name: name, value: index + 1..<end - 1, form: .braced)
            }
        }
        let value = index
        while index < source.count, !source.byte(index).isSpace, source.byte(index) != UInt8(ascii: ">") {
            if let end = try templates.end(in: source, at: index) { index = end } else { try step() }
        }
        return HTMLTag.Attribute(name: name, value: value..<index, form: .unquoted)
    }

    @inline(__always)
    private mutating func step() throws(CancellationError) {
        index += 1
        try source.poll.advance()
    }

    private static func endsName(_ byte: UInt8) -> Bool {
        byte.isSpace || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ">")
    }
}

// MARK: Elements whose content is read in another way

extension HTMLTokenizer {
    private static let rawTextElements: Set<String> = [
        "script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext",
    ]

    private func isRawText(_ name: String, _ tag: HTMLTag) -> Bool {
        // Components of Svelte and Vue begin with a capital letter.
        let isComponent = !tag.isNamed(name, in: source, caseInsensitive: false)
        if dialect == .svelte || dialect == .vue, isComponent || tag.isSelfClosing { return false }
        if dialect == .vue, name == "template", let language = tag.attribute("lang", in: source)?.value {
            return source.string(language) != "html"
        }
        return Self.rawTextElements.contains(name)
    }

    /// Passes over the text of an element that holds no tags, up to its closing tag.
    private mutating func skipRawText(of name: String) throws(CancellationError) {
        if name == "plaintext" {
            index = source.count
            return
        }
        // Inside `<!-- … -->` of a script, `<script>` opens one more (script data double escaped state).
        var isEscaped = false
        var isDoubleEscaped = false
        while index < source.count {
            try source.poll.advance()
            if name == "script", source.has("<!--", at: index) {
                isEscaped = true
                index += source.has("<!-->", at: index) || source.has("<!--->", at: index) ? 2 : 4
            } else if isEscaped, source.has("-->", at: index) {
                (isEscaped, isDoubleEscaped) = (false, false)
                index += 3
            } else if isEscaped, !isDoubleEscaped, isTag("<", "script", at: index) {
                isDoubleEscaped = true
                index += 7
            } else if isTag("</", name, at: index) {
                if !isDoubleEscaped { return }
                isDoubleEscaped = false
                index += 8
            } else {
                index += 1
            }
        }
        index = source.count
    }

    private func isTag(_ opening: StaticString, _ name: String, at index: Int) -> Bool {
        guard source.has(opening, at: index) else { return false }
        let start = index + opening.utf8CodeUnitCount
        let end = start + name.utf8.count
        return end <= source.count && zip(source.bytes[start..<end], name.utf8).allSatisfy { $0.lowercased == $1 }
            && Self.endsName(source.byte(end))
    }

    /// Elements of SVG and MathML inside which HTML goes on.
    private static let integrationPoints: Set<String> = ["foreignobject", "desc", "title", "annotation-xml"]

    /// Elements of HTML that end SVG and MathML (13.2.6.5), as far as they are common.
    private static let breakouts: Set<String> = [
        "b", "big", "blockquote", "body", "br", "center", "code", "dd", "div", "dl", "dt", "em", "embed", "h1", "h2",
        "h3", "h4", "h5", "h6", "head", "hr", "i", "img", "li", "listing", "menu", "meta", "nobr", "ol", "p", "pre",
        "ruby", "s", "small", "span", "strong", "strike", "sub", "sup", "table", "tt", "u", "ul", "var",
    ]

    private mutating func openForeign(_ name: String, _ tag: HTMLTag) {
        let isHTML = foreign.last.map(Self.integrationPoints.contains) ?? true
        if isHTML {
            if name == "svg" || name == "math", !tag.isSelfClosing { foreign.append(name) }
        } else if Self.breakouts.contains(name) {
            while let last = foreign.last, !Self.integrationPoints.contains(last) { foreign.removeLast() }
        } else if !tag.isSelfClosing {
            foreign.append(name)
        }
    }

    private mutating func closeForeign(_ tag: HTMLTag) {
        guard !foreign.isEmpty else { return }
        let name = tag.lowercasedName(in: source)
        // Only the innermost elements are looked at, so that unbalanced tags stay linear.
        if let open = foreign.suffix(16).lastIndex(of: name) { foreign.removeSubrange(open...) }
    }
}

/// The expressions of template languages.
struct TemplateExpressions {
    private var ends: [(open: StaticString, length: Int, close: Occurrences)] = [
        ("{{!--", 4, Occurrences("--}}")), ("{{", 2, Occurrences("}}")), ("{%", 2, Occurrences("%}")),
        ("{#", 2, Occurrences("#}")), ("<?", 2, Occurrences("?>")), ("<%", 2, Occurrences("%>")),
    ]

    /// The index after the expression that begins at an index; nil where none does, or where it does not end.
    mutating func end(in source: Excerpt, at index: Int) throws(CancellationError) -> Int? {
        let byte = source.byte(index)
        guard byte == UInt8(ascii: "{") || byte == UInt8(ascii: "<") else { return nil }
        for kind in ends.indices where source.has(ends[kind].open, at: index) {
            let start = index + ends[kind].open.utf8CodeUnitCount
            guard let close = try ends[kind].close.next(in: source, from: start) else { continue }
            return close + ends[kind].length
        }
        return nil
    }

    /// Whether a value holds an expression, so that nobody knows its text.
    static func isIn(_ range: Range<Int>, of source: Excerpt) throws(CancellationError) -> Bool {
        for index in range where source.byte(index) == UInt8(ascii: "{") || source.byte(index) == UInt8(ascii: "<") {
            try source.poll.advance()
            let next = index + 1 < range.upperBound ? source.byte(index + 1) : 0
            let isBrace = source.byte(index) == UInt8(ascii: "{")
            if isBrace ? "{%#".utf8.contains(next) : "?%".utf8.contains(next) { return true }
        }
        try source.poll.advance(range.count / 8)
        return false
    }
}
