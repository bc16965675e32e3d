/// Images in JavaScript with tags: strings as attributes, strings in braces, and imported images.
///
/// Comments and strings of the code are passed over; computed values are not listed.
enum JSXCaptions {
    static func captions(in source: Excerpt, dialect: JSXDialect) throws(CancellationError) -> [FoundCaption] {
        var scanner = JavaScriptScanner(source: source, dialect: dialect, imports: try JSXImports(of: source))
        if dialect == .astro {
            try scanner.children(from: fenceEnd(in: source))
        } else {
            try scanner.program(from: 0)
        }
        return scanner.captions
    }

    /// After the code that an Astro file may begin with, between lines of `---`.
    private static func fenceEnd(in source: Excerpt) throws(CancellationError) -> Int {
        var lines = try source.lines()[...]
        while let line = lines.first, source.isBlank(line) { lines.removeFirst() }
        func isFence(_ line: Range<Int>) -> Bool { source.bytes[source.trimmed(line)].elementsEqual("---".utf8) }
        guard let first = lines.first, isFence(first), let close = lines.dropFirst().first(where: isFence) else {
            return 0
        }
        return close.upperBound
    }

    static func isImage(_ tag: HTMLTag, in source: Excerpt) -> Bool {
        ["img", "Image", "Picture", "StaticImage"].contains { tag.isNamed($0, in: source, caseInsensitive: false) }
    }

    static func caption(_ tag: HTMLTag, in source: Excerpt, imports: JSXImports) throws(CancellationError)
        -> FoundCaption?
    {
        guard let image = tag.attribute("src", in: source) else { return nil }
        let alt = tag.attribute("alt", in: source)
        // Attributes that are spread from an object may have a caption among them.
        guard alt != nil || !tag.attributes.contains(where: { $0.form == .braced && $0.name.isEmpty }) else {
            return nil
        }
        var caption = MappedText()
        if let alt {
            guard let text = try text(alt, in: source) else { return nil }
            caption = text
        }
        var path = try text(image, in: source)?.text
        if path == nil, image.form == .braced, let value = image.value {
            path = try imported(value, in: source, imports)
        }
        guard let path else { return nil }
        return FoundCaption(
            image: ImageReference(uri: path), caption: try caption.collapsed(source.poll),
            range: source.sourceRange(tag.start..<tag.end), isDecorative: alt != nil)
    }

    /// A string literal with its escapes decoded; nil for any other code.
    static func string(_ code: Range<Int>, in source: Excerpt) throws(CancellationError) -> MappedText? {
        let literal = source.trimmed(code)
        guard literal.count >= 2, "\"'`".utf8.contains(source.byte(literal.lowerBound)),
            source.byte(literal.upperBound - 1) == source.byte(literal.lowerBound),
            try JavaScriptScanner.stringEnd(source, at: literal.lowerBound, end: literal.upperBound)
                == literal.upperBound
        else { return nil }
        let content = literal.lowerBound + 1..<literal.upperBound - 1
        if source.byte(literal.lowerBound) == UInt8(ascii: "`"),
            try source.find("${", from: content.lowerBound, to: content.upperBound) != nil
        {
            return nil
        }
        return try JSXStrings.text(content, of: source)
    }

    /// A value that is a string: character references are decoded in attributes, escapes in braces.
    private static func text(_ attribute: HTMLTag.Attribute, in source: Excerpt) throws(CancellationError)
        -> MappedText?
    {
        guard let value = attribute.value else { return nil }
        switch attribute.form {
        case .braced: return try string(value, in: source)
        case .quoted: return try MappedText(decoding: value, of: source, context: .attribute)
        case .unquoted, .none: return nil
        }
    }

    /// The path of an imported image: `cat`, `cat.src`, `require("./cat.png").default`, `useBaseUrl("/cat.png")`,
    /// `new URL("./cat.png", import.meta.url).href`.
    private static func imported(
        _ value: Range<Int>, in source: Excerpt, _ imports: JSXImports
    ) throws(CancellationError) -> String? {
        var code = source.trimmed(value)
        for suffix in [".default", ".src", ".href", ".toString()", ".pathname"]
        where source.bytes[code].suffix(suffix.utf8.count).elementsEqual(suffix.utf8) {
            code = source.trimmed(code.lowerBound..<code.upperBound - suffix.utf8.count)
        }
        for function in ["require(", "useBaseUrl(", "withBase(", "new URL("]
        where source.bytes[code].starts(with: function.utf8) && source.byte(code.upperBound - 1) == UInt8(ascii: ")") {
            var argument = code.lowerBound + function.utf8.count..<code.upperBound - 1
            if let comma = try source.find(UInt8(ascii: ","), from: argument.lowerBound, to: argument.upperBound) {
                argument = argument.lowerBound..<comma
            }
            return try string(argument, in: source)?.text
        }
        return code.count <= 256 ? imports.paths[source.string(code)] : nil
    }
}

/// Escapes of JavaScript's string literals.
enum JSXStrings {
    static func text(_ range: Range<Int>, of source: Excerpt) throws(CancellationError) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            guard source.byte(index) == .backslash, index + 1 < range.upperBound else {
                index += 1
                try source.poll.advance()
                continue
            }
            try result.append(plain..<index, of: source)
            let (text, next) = escape(source, at: index, end: range.upperBound)
            result.append(text, for: source.sourceRange(index..<next))
            (index, plain) = (next, next)
        }
        try result.append(plain..<range.upperBound, of: source)
        return result
    }

    private static func escape(_ source: Excerpt, at start: Int, end: Int) -> (String, Int) {
        func hex(_ from: Int, _ to: Int) -> String? {
            guard to <= end, from < to, let code = UInt32(source.string(from..<to), radix: 16) else { return nil }
            return Unicode.Scalar(code).map { String(Character($0)) } ?? "\u{FFFD}"
        }
        switch source.byte(start + 1) {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"), .newline: return (" ", start + 2)
        case UInt8(ascii: "x"):
            if let text = hex(start + 2, start + 4) { return (text, start + 4) }
        case UInt8(ascii: "u"):
            if source.byte(start + 2) == UInt8(ascii: "{"),
                let close = source.bytes[start..<min(end, start + 12)].firstIndex(of: UInt8(ascii: "}")),
                let text = hex(start + 3, close)
            {
                return (text, close + 1)
            }
            if let text = hex(start + 2, start + 6) { return (text, start + 6) }
        default: break
        }
        // Any other character stands for itself.
        var next = start + 2
        while next < end, source.byte(next) & 0xC0 == 0x80 { next += 1 }
        return (source.string(start + 1..<next), next)
    }
}

/// Images that code takes from files: `import cat from "./cat.png"`, `const cat = require("./cat.png")`, each at the
/// start of a line.
struct JSXImports {
    /// Paths by the local name.
    private(set) var paths: [String: String] = [:]

    init() {}

    init(of source: Excerpt) throws(CancellationError) {
        for line in try source.lines() {
            try source.poll.advance(8)
            var words = Words(source: source, index: source.contentStart(line), end: line.upperBound)
            let isImport: Bool
            switch words.word() {
            case "import": isImport = true
            case "const", "let", "var": isImport = false
            default: continue
            }
            let name = words.word()
            if name.isEmpty { continue }
            if isImport {
                // `import cat, { width } from …`
                if words.skip(","), words.skip("{") { try words.skipBraces() }
                guard words.word() == "from" else { continue }
            } else {
                guard words.skip("="), words.word() == "require", words.skip("(") else { continue }
            }
            if let path = try words.string() { paths[name] = path }
        }
    }

    private struct Words {
        let source: Excerpt
        var index: Int
        let end: Int

        mutating func word() -> String {
            skipSpace()
            let start = index
            while index < end, index - start < 256,
                source.byte(index).isAlphanumeric || source.byte(index) == UInt8(ascii: "_")
                    || source.byte(index) == UInt8(ascii: "$")
                    || source.byte(index) >= 0x80
            {
                index += 1
            }
            return source.string(start..<index)
        }

        mutating func skip(_ text: StaticString) -> Bool {
            skipSpace()
            guard index < end, source.has(text, at: index) else { return false }
            index += text.utf8CodeUnitCount
            return true
        }

        mutating func skipBraces() throws(CancellationError) {
            index = try source.find(UInt8(ascii: "}"), from: index, to: end).map { $0 + 1 } ?? end
        }

        mutating func string() throws(CancellationError) -> String? {
            skipSpace()
            let quote = source.byte(index)
            guard index < end, quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'"),
                let close = try source.find(quote, from: index + 1, to: end)
            else { return nil }
            return source.string(index + 1..<close)
        }

        private mutating func skipSpace() { while index < end, source.byte(index).isSpace { index += 1 } }
    }
}
