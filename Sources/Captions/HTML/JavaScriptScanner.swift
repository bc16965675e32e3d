/// Which files hold JavaScript with tags.
enum JSXDialect: Sendable {
    case jsx
    case mdx
    /// Tags with HTML's comments, empty elements and raw text; JavaScript between braces.
    case astro
    /// JavaScript between the braces of a template, without tags in it.
    case svelte
}

/// Reads JavaScript with tags in it, and lists the images.
///
/// One pass with a stack of what is open: code, tags, text between tags, `${…}` of templates. So an apostrophe is text
/// between tags and begins a string in code, and nothing is read twice. Whether `<` opens a tag and `/` a regular
/// expression is decided by the token before, as usual where there is no full parser.
struct JavaScriptScanner {
    private enum Frame {
        /// Code up to the end of the text.
        case program
        /// `{ … }` in code.
        case block
        /// `{ … }` between tags.
        case container
        /// `{ … }` in a tag.
        case attribute
        /// `${ … }` in a template.
        case substitution
        /// Text between an opening and a closing tag.
        case children
        case tag
    }

    private let source: Excerpt
    private let dialect: JSXDialect
    private let imports: JSXImports
    private(set) var captions: [FoundCaption] = []
    private var index = 0
    private var frames: [Frame] = []
    /// The open tags, outermost first: a tag may stand in a value of another's.
    private var tags: [HTMLTag] = []
    /// Whether an operand may come next, so that `/` and `<` are not operators.
    private var expectsOperand = true
    private var commentEnds = Occurrences("*/")
    /// How many scans of single braces and tags came to the end of the text. Beyond a few, unbalanced text is not code.
    private var unclosed = 0
    /// Whether the single tag that was asked for is none.
    private var isNoTag = false
    /// A line on which a regular expression did not end, by its end, and how often.
    private var unclosedExpressions: (line: Int, count: Int) = (-1, 0)

    init(source: Excerpt, dialect: JSXDialect, imports: JSXImports = JSXImports()) {
        self.source = source
        self.dialect = dialect
        self.imports = imports
    }

    /// Reads a whole file of code from `start`.
    mutating func program(from start: Int, to end: Int? = nil) throws(CancellationError) {
        (index, expectsOperand) = (start, true)
        _ = try run([.program], to: end ?? source.count)
    }

    /// Reads text with tags, such as an Astro template, from `start`.
    mutating func children(from start: Int) throws(CancellationError) {
        index = start
        _ = try run([.children], to: source.count)
    }

    /// The index after the brace that closes the one at `start`; nil where it stays open.
    mutating func bracesEnd(at start: Int) throws(CancellationError) -> Int? {
        guard unclosed < 8 else { return nil }
        (index, expectsOperand) = (start + 1, true)
        let before = captions.count
        let end = try run([.container], to: source.count)
        if end == nil { giveUp(captionsBefore: before) }
        return end
    }

    /// The index after the opening tag that begins at `start`; nil where none does.
    mutating func tagEnd(at start: Int) throws(CancellationError) -> Int? {
        guard unclosed < 8, Self.beginsName(source.byte(start + 1)) else { return nil }
        index = start
        frames = []
        isNoTag = false
        openTag()
        let before = captions.count
        let end = try run(frames, to: source.count)
        if end == nil { giveUp(captionsBefore: before) }
        return isNoTag ? nil : end
    }

    private mutating func giveUp(captionsBefore count: Int) {
        unclosed += 1
        captions.removeSubrange(count...)
    }

    /// Runs until what is open now is closed, and returns where that is; nil at the end of the text.
    private mutating func run(_ open: [Frame], to limit: Int) throws(CancellationError) -> Int? {
        frames = open
        if open.first != .tag { tags = [] }
        while index < limit {
            try source.poll.advance()
            guard let frame = frames.last else { return index }
            switch frame {
            case .program, .block, .container, .attribute, .substitution: try code(limit)
            case .children: try text(limit)
            case .tag: try tag(limit)
            }
        }
        return frames.isEmpty ? index : nil
    }

    // MARK: Code

    private mutating func code(_ limit: Int) throws(CancellationError) {
        let byte = source.byte(index)
        switch byte {
        case UInt8(ascii: "/"): try slash(limit)
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            index = try Self.stringEnd(source, at: index, end: limit)
            expectsOperand = false
        case UInt8(ascii: "`"):
            index += 1
            try template(limit)
        case UInt8(ascii: "{"):
            frames.append(.block)
            index += 1
            expectsOperand = true
        case UInt8(ascii: "}"): try closeBrace(limit)
        case UInt8(ascii: "<"):
            if dialect != .svelte, expectsOperand, opensTag() { return openTag() }
            index += 1
            expectsOperand = true
        case UInt8(ascii: ")"), UInt8(ascii: "]"):
            index += 1
            expectsOperand = false
        case _ where byte.isSpace: index += 1
        case _ where Self.isWord(byte):
            let start = index
            while index < limit, Self.isWord(source.byte(index)) {
                index += 1
                try source.poll.advance()
            }
            expectsOperand = index - start <= 10 && Self.operators.contains(source.string(start..<index))
        default:
            index += 1
            expectsOperand = true
        }
    }

    /// Words after which an operand comes.
    private static let operators: Set<String> = [
        "return", "typeof", "case", "do", "else", "in", "of", "instanceof", "new", "void", "delete", "throw", "await",
        "yield", "default",
    ]

    private mutating func slash(_ limit: Int) throws(CancellationError) {
        if source.byte(index + 1) == UInt8(ascii: "*") {
            index = min(limit, try commentEnds.next(in: source, from: index + 2).map { $0 + 2 } ?? limit)
        } else if source.byte(index + 1) == UInt8(ascii: "/") {
            index = min(limit, try source.lineEnd(index))
        } else if expectsOperand, let end = try regularExpressionEnd(limit) {
            index = end
            expectsOperand = false
        } else {
            index += 1
            expectsOperand = true
        }
    }

    /// The index after the regular expression that begins here; nil where the line ends first.
    private mutating func regularExpressionEnd(_ limit: Int) throws(CancellationError) -> Int? {
        if index < unclosedExpressions.line, unclosedExpressions.count >= 4 { return nil }
        var isInClass = false
        var end = index + 1
        while end < limit, source.byte(end) != .newline {
            try source.poll.advance()
            switch source.byte(end) {
            case .backslash: end += 1
            case UInt8(ascii: "["): isInClass = true
            case UInt8(ascii: "]"): isInClass = false
            case UInt8(ascii: "/") where !isInClass: return end + 1
            default: break
            }
            end += 1
        }
        unclosedExpressions = (end, index < unclosedExpressions.line ? unclosedExpressions.count + 1 : 1)
        return nil
    }

    /// Text of a template up to its end or to `${`.
    private mutating func template(_ limit: Int) throws(CancellationError) {
        while index < limit {
            try source.poll.advance()
            switch source.byte(index) {
            case UInt8(ascii: "`"):
                index += 1
                expectsOperand = false
                return
            case .backslash: index += 2
            case UInt8(ascii: "$") where source.byte(index + 1) == UInt8(ascii: "{"):
                index += 2
                frames.append(.substitution)
                expectsOperand = true
                return
            default: index += 1
            }
        }
    }

    private mutating func closeBrace(_ limit: Int) throws(CancellationError) {
        index += 1
        expectsOperand = true
        guard let frame = frames.last, frame != .program else { return }
        frames.removeLast()
        switch frame {
        case .substitution: try template(limit)
        case .attribute:
            let last = tags.count - 1
            guard let attribute = tags[last].attributes.last, let value = attribute.value else { return }
            tags[last].attributes[tags[last].attributes.count - 1].value = value.lowerBound..<index - 1
        default: break
        }
    }

    /// Whether `<`, where an operand is expected, opens a tag: not the type parameters of an arrow function.
    private func opensTag() -> Bool {
        if source.byte(index + 1) == UInt8(ascii: ">") { return true }
        guard Self.beginsName(source.byte(index + 1)) else { return false }
        var end = index + 1
        while end - index < 64, Self.isName(source.byte(end)) { end += 1 }
        let isShortTypeName = end == index + 2 && (0x41...0x5A).contains(source.byte(index + 1))
        if isShortTypeName, source.has(">(", at: end) { return false }
        while source.byte(end) == .space { end += 1 }
        return source.byte(end) != UInt8(ascii: ",") && source.byte(end) != UInt8(ascii: "=")
            && !source.has("extends ", at: end)
    }

    // MARK: Tags

    private mutating func openTag() {
        if source.byte(index + 1) == UInt8(ascii: ">") {
            frames.append(.children)
            index += 2
            return
        }
        let start = index
        index += 1
        while Self.isName(source.byte(index)) { index += 1 }
        tags.append(HTMLTag(start: start, name: start + 1..<index, end: index))
        frames.append(.tag)
    }

    private mutating func tag(_ limit: Int) throws(CancellationError) {
        let byte = source.byte(index)
        let last = tags.count - 1
        switch byte {
        case _ where byte.isSpace: index += 1
        case UInt8(ascii: ">"):
            index += 1
            try closeTag(limit)
        case UInt8(ascii: "/") where source.has("/*", at: index) || (dialect == .jsx && source.has("//", at: index)):
            try slash(limit)
        case UInt8(ascii: "/"):
            index += 1
            tags[last].isSelfClosing = source.byte(index) == UInt8(ascii: ">")
        case UInt8(ascii: "{"):
            tags[last].attributes.append(
                HTMLTag.Attribute(name: index..<index, value: index + 1..<index + 1, form: .braced))
            openAttribute()
        case _ where Self.isName(byte) || byte == UInt8(ascii: "@"):
            try attribute(limit)
        default:
            // This is not a tag.
            tags.removeLast()
            frames.removeLast()
            expectsOperand = true
            isNoTag = frames.isEmpty
        }
    }

    private mutating func openAttribute() {
        frames.append(.attribute)
        index += 1
        expectsOperand = true
    }

    private mutating func attribute(_ limit: Int) throws(CancellationError) {
        let (start, last) = (index, tags.count - 1)
        while index < limit, Self.isName(source.byte(index)) || source.byte(index) == UInt8(ascii: "@") { index += 1 }
        var attribute = HTMLTag.Attribute(name: start..<index, value: nil, form: .none)
        var next = index
        while source.byte(next).isSpace { next += 1 }
        guard source.byte(next) == UInt8(ascii: "=") else { return tags[last].attributes.append(attribute) }
        index = next + 1
        while source.byte(index).isSpace { index += 1 }
        switch source.byte(index) {
        case UInt8(ascii: "\""), UInt8(ascii: "'"):
            guard let close = try source.find(source.byte(index), from: index + 1, to: limit) else {
                index = limit
                return
            }
            (attribute.value, attribute.form) = (index + 1..<close, .quoted)
            index = close + 1
        case UInt8(ascii: "{"):
            (attribute.value, attribute.form) = (index + 1..<index + 1, .braced)
            tags[last].attributes.append(attribute)
            return openAttribute()
        case UInt8(ascii: "`") where dialect == .astro:
            let end = try Self.stringEnd(source, at: index, end: limit)
            (attribute.value, attribute.form) = (index..<end, .braced)
            index = end
        default:
            let value = index
            while index < limit, !source.byte(index).isSpace, !"<>{".utf8.contains(source.byte(index)) { index += 1 }
            (attribute.value, attribute.form) = (value..<index, .unquoted)
        }
        tags[last].attributes.append(attribute)
    }

    private mutating func closeTag(_ limit: Int) throws(CancellationError) {
        var tag = tags.removeLast()
        frames.removeLast()
        tag.end = index
        expectsOperand = false
        if JSXCaptions.isImage(tag, in: source),
            let caption = try JSXCaptions.caption(tag, in: source, imports: imports)
        {
            captions.append(caption)
        }
        // A single tag was asked for.
        if frames.isEmpty { return }
        let name = source.string(tag.name)
        if tag.isSelfClosing || Self.emptyElements.contains(name) { return }
        if dialect == .astro, name == "script" || name == "style" {
            let close = try source.find(
                name == "script" ? "</script" : "</style", from: index, to: limit, caseInsensitive: true)
            index =
                try close.flatMap { start throws(CancellationError) in
                    try source.find(UInt8(ascii: ">"), from: start, to: limit).map { $0 + 1 }
                } ?? limit
            return
        }
        frames.append(.children)
    }

    private static let emptyElements: Set<String> = [
        "area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr",
    ]

    // MARK: Text between tags

    private mutating func text(_ limit: Int) throws(CancellationError) {
        switch source.byte(index) {
        case UInt8(ascii: "{"):
            frames.append(.container)
            index += 1
            expectsOperand = true
        case UInt8(ascii: "<"):
            if source.byte(index + 1) == UInt8(ascii: "/") {
                index = try source.find(UInt8(ascii: ">"), from: index, to: limit).map { $0 + 1 } ?? limit
                // The outermost text of a file has no closing tag.
                if frames.count > 1 { frames.removeLast() }
                expectsOperand = false
            } else if source.has("<!--", at: index) {
                index = try source.find("-->", from: index + 4, to: limit).map { $0 + 3 } ?? limit
            } else if Self.beginsName(source.byte(index + 1)) || source.byte(index + 1) == UInt8(ascii: ">") {
                openTag()
            } else {
                index += 1
            }
        default: index += 1
        }
    }

    // MARK: Characters

    private static func beginsName(_ byte: UInt8) -> Bool {
        byte.isLetter || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$")
    }

    private static func isName(_ byte: UInt8) -> Bool { isWord(byte) || "-:.".utf8.contains(byte) }

    private static func isWord(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
    }

    /// The index after a string literal; one in `'` or `"` ends with its line at the latest.
    static func stringEnd(_ source: Excerpt, at start: Int, end limit: Int) throws(CancellationError) -> Int {
        let quote = source.byte(start)
        var index = start + 1
        while index < limit {
            try source.poll.advance()
            let byte = source.byte(index)
            if byte == quote { return index + 1 }
            if byte == .newline, quote != UInt8(ascii: "`") { return index }
            index += byte == .backslash ? 2 : 1
        }
        return limit
    }
}
