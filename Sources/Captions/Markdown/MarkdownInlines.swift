/// Images in one stretch of inline text: `![caption](path)`, reference images, wiki embeds and `<img>` tags.
///
/// One pass with a stack of open brackets and one of emphasis, as CommonMark's appendix describes; code spans,
/// comments, tags and autolinks are atoms.
struct MarkdownInlines {
    private let block: Excerpt
    /// Destinations by normalised label.
    private let definitions: [String: String]
    private let isMDX: Bool
    private var images: [(text: Range<Int>, image: ImageReference, range: Range<Int>)] = []
    private var found: [FoundCaption] = []
    private var atoms = MarkdownAtoms()
    private var brackets: [Bracket] = []
    /// Brackets below this are outside a link, and none can be a link itself.
    private var inactive = 0
    private var emphasis = MarkdownEmphasis()
    private var html: MarkdownHTMLReader
    private var scripts: JavaScriptScanner
    private let imports: JSXImports

    private struct Bracket {
        var index: Int
        var isImage: Bool
        /// How many delimiters of emphasis stood before it.
        var delimiters: Int
        /// A bracket inside makes the text no label.
        var holdsBracket = false
    }

    init(block: Excerpt, definitions: [String: String], isMDX: Bool, imports: JSXImports) {
        self.block = block
        self.definitions = definitions
        self.isMDX = isMDX
        self.imports = imports
        html = MarkdownHTMLReader(source: block)
        scripts = JavaScriptScanner(source: block, dialect: .mdx, imports: imports)
    }

    /// The images of the block's text, which begins at `start`, after reference definitions.
    func captions(from start: Int) throws(CancellationError) -> [FoundCaption] {
        var reader = self
        try reader.scan(from: start)
        let plain = MarkdownPlainText(block: block, atoms: reader.atoms)
        var found = reader.found + reader.scripts.captions
        for (text, image, range) in reader.images {
            let caption = try plain.text(text).collapsed(block.poll)
            found.append(FoundCaption(image: image, caption: caption, range: block.sourceRange(range)))
        }
        return found
    }

    /// The whole block as a reader sees it.
    func plainText() throws(CancellationError) -> MappedText {
        var reader = self
        try reader.scan(from: 0)
        try reader.emphasis.resolve(from: 0, in: block, into: &reader.atoms)
        return try MarkdownPlainText(block: block, atoms: reader.atoms).text(0..<block.count)
    }

    private mutating func scan(from start: Int) throws(CancellationError) {
        var spans = CodeSpans(block: block)
        var index = start
        while index < block.count {
            try block.poll.advance()
            switch block.byte(index) {
            case .backslash:
                index += block.byte(index + 1).isPunctuation ? 2 : 1
            case UInt8(ascii: "`"):
                let run = spans.runLength(at: index)
                guard let close = spans.close(from: index + run, length: run) else {
                    index += run
                    continue
                }
                atoms.add(.code(codeContent(index + run..<close)), at: index..<close + run)
                index = close + run
            case UInt8(ascii: "<"):
                index = try markup(at: index)
            case UInt8(ascii: "{") where isMDX:
                guard let end = try scripts.bracesEnd(at: index) else {
                    index += 1
                    continue
                }
                atoms.add(.hidden, at: index..<end)
                index = end
            case UInt8(ascii: "!") where block.byte(index + 1) == UInt8(ascii: "["):
                if let end = try embed(at: index) {
                    index = end
                } else {
                    open(index, isImage: true)
                    index += 2
                }
            case UInt8(ascii: "["):
                open(index, isImage: false)
                index += 1
            case UInt8(ascii: "]"):
                index = try close(at: index)
            case UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "~"):
                index = emphasis.add(block, at: index)
            default:
                index += 1
            }
        }
    }

    /// One space at both ends of a code span is not shown, unless there is nothing else.
    private func codeContent(_ range: Range<Int>) -> Range<Int> {
        guard range.count > 2, block.byte(range.lowerBound).isSpace, block.byte(range.upperBound - 1).isSpace,
            !block.isBlank(range)
        else { return range }
        return range.lowerBound + 1..<range.upperBound - 1
    }

    private mutating func open(_ index: Int, isImage: Bool) {
        if !brackets.isEmpty { brackets[brackets.count - 1].holdsBracket = true }
        brackets.append(Bracket(index: index, isImage: isImage, delimiters: emphasis.count))
    }

    /// Handles a `]`; returns where to go on.
    private mutating func close(at index: Int) throws(CancellationError) -> Int {
        guard let open = brackets.popLast() else { return index + 1 }
        let isInactive = brackets.count < inactive
        inactive = min(inactive, brackets.count)
        if isInactive, !open.isImage { return index + 1 }
        let text = open.index + (open.isImage ? 2 : 1)..<index
        guard let target = try target(of: text, holdsBracket: open.holdsBracket, at: index) else {
            if !brackets.isEmpty { brackets[brackets.count - 1].holdsBracket = true }
            return index + 1
        }
        try emphasis.resolve(from: open.delimiters, in: block, into: &atoms)
        atoms.add(.link(text), at: open.index..<target.end)
        if open.isImage {
            // An image inside another's caption is only part of that text.
            while let last = images.last, last.range.lowerBound > open.index { images.removeLast() }
            let attributes = try MarkdownAttributes.alternativeText(block, at: target.end)
            if let attributes, text.isEmpty {
                var caption = MappedText()
                try caption.append(attributes, of: block)
                found.append(
                    FoundCaption(
                        image: ImageReference(uri: target.uri), caption: try caption.collapsed(block.poll),
                        range: block.sourceRange(open.index..<target.end), isDecorative: true))
            } else {
                images.append((text, ImageReference(uri: target.uri), open.index..<target.end))
            }
        } else {
            inactive = brackets.count
        }
        return target.end
    }

    /// Where the text in brackets leads: `(destination)`, `[label]`, `[]` or the text itself as a label.
    private func target(
        of text: Range<Int>, holdsBracket: Bool, at close: Int
    ) throws(CancellationError) -> (uri: String, end: Int)? {
        if block.byte(close + 1) == UInt8(ascii: "("),
            let (destination, end) = MarkdownDestination.inline(block, at: close + 1)
        {
            return (try MarkdownDestination.text(destination, of: block), end)
        }
        guard !definitions.isEmpty else { return nil }
        var (label, end) = (text, close + 1)
        if block.byte(close + 1) == UInt8(ascii: "["), let labelEnd = MarkdownDefinitions.labelEnd(block, at: close + 1)
        {
            end = labelEnd
            if labelEnd > close + 3 {
                label = close + 2..<labelEnd - 1
                return definitions[MarkdownDefinitions.normalized(block.string(label))].map { ($0, end) }
            }
        }
        if holdsBracket || label.count > 999 { return nil }
        return definitions[MarkdownDefinitions.normalized(block.string(label))].map { ($0, end) }
    }

    /// `![[cat.png|A cat]]` of wikis and Obsidian, whose last part may be a size; nil where this is none.
    private mutating func embed(at index: Int) throws(CancellationError) -> Int? {
        guard block.byte(index + 2) == UInt8(ascii: "[") else { return nil }
        var end = index + 3
        while end < block.count, !"[]\n\r".utf8.contains(block.byte(end)), end - index < 1_000 { end += 1 }
        guard block.has("]]", at: end), block.byte(end + 2) != UInt8(ascii: "("),
            block.byte(end + 2) != UInt8(ascii: "[")
        else { return nil }
        var parts: [Range<Int>] = []
        var start = index + 3
        for bar in start..<end where block.byte(bar) == UInt8(ascii: "|") {
            // In tables the bar is escaped.
            parts.append(block.trimmed(start..<(block.byte(bar - 1) == .backslash ? bar - 1 : bar)))
            start = bar + 1
        }
        parts.append(block.trimmed(start..<end))
        let path = block.string(parts.removeFirst())
        let name = path.prefix { $0 != "#" }.lowercased()
        guard [".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".bmp", ".avif"].contains(where: name.hasSuffix) else {
            return nil
        }
        if let last = parts.last, block.bytes[last].allSatisfy({ $0.isDigit || $0 == UInt8(ascii: "x") }) {
            parts.removeLast()
        }
        var caption = MappedText()
        if let text = parts.first {
            try caption.append(text.lowerBound..<parts[parts.count - 1].upperBound, of: block)
        }
        found.append(
            FoundCaption(
                image: ImageReference(uri: path), caption: try caption.collapsed(block.poll),
                range: block.sourceRange(index..<end + 2)))
        return end + 2
    }

    /// Passes over a comment, a tag or an autolink, and lists images of HTML and of JavaScript.
    private mutating func markup(at index: Int) throws(CancellationError) -> Int {
        if isMDX {
            if let end = try scripts.tagEnd(at: index) {
                atoms.add(.hidden, at: index..<end)
                return end
            }
        } else if let end = try html.passedOver(at: index) {
            atoms.add(.hidden, at: index..<end)
            return end
        } else if let tag = try html.tag(at: index) {
            atoms.add(.hidden, at: index..<tag.end)
            if HTMLCaptions.isImage(tag, in: block, dialect: .html),
                let caption = try HTMLCaptions.caption(tag, in: block, dialect: .html)
            {
                found.append(caption)
            }
            return tag.end
        }
        // Autolinks hold neither spaces nor `<`.
        var end = index + 1
        while end < block.count, !block.byte(end).isSpace, block.byte(end) != UInt8(ascii: "<"),
            block.byte(end) != UInt8(ascii: ">")
        { end += 1 }
        guard end < block.count, block.byte(end) == UInt8(ascii: ">"), end > index + 1 else { return index + 1 }
        if block.byte(index + 1) == UInt8(ascii: "/") {
            guard isMDX else { return index + 1 }
            atoms.add(.hidden, at: index..<end + 1)
        } else {
            guard Self.isAddress(block.bytes[index + 1..<end]) else { return index + 1 }
            atoms.add(.code(index + 1..<end), at: index..<end + 1)
        }
        return end + 1
    }

    /// Whether the text in angle brackets is a URI with a scheme, or a mail address.
    private static func isAddress(_ bytes: ArraySlice<UInt8>) -> Bool {
        let scheme = bytes.prefix(33).prefix { $0.isAlphanumeric || "+.-".utf8.contains($0) }
        if scheme.count >= 2, scheme.first?.isLetter ?? false, bytes.dropFirst(scheme.count).first == UInt8(ascii: ":")
        {
            return true
        }
        guard let at = bytes.firstIndex(of: UInt8(ascii: "@")), at > bytes.startIndex, at + 1 < bytes.endIndex else {
            return false
        }
        return bytes[..<at].allSatisfy { $0.isAlphanumeric || ".!#$%&'*+/=?^_`{|}~-".utf8.contains($0) }
            && bytes[(at + 1)...].allSatisfy { $0.isAlphanumeric || ".-".utf8.contains($0) }
    }
}

/// Attributes that Pandoc and Quarto write after an image: `{width=50% fig-alt="A cat"}`.
enum MarkdownAttributes {
    /// What `fig-alt` or `alt` says between its quotes.
    static func alternativeText(_ block: Excerpt, at start: Int) throws(CancellationError) -> Range<Int>? {
        guard block.byte(start) == UInt8(ascii: "{") else { return nil }
        var index = start + 1
        while index < block.count, block.byte(index) != UInt8(ascii: "}"), index - start < 4_096 {
            try block.poll.advance()
            let quote = block.byte(index)
            guard quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") else {
                index += 1
                continue
            }
            guard let close = try block.find(quote, from: index + 1, to: min(block.count, start + 8_192)) else {
                return nil
            }
            for name in ["alt=", "fig-alt="]
            where block.bytes[start + 1..<index].suffix(name.utf8.count).elementsEqual(name.utf8) {
                let before = block.byte(index - name.utf8.count - 1)
                if before.isSpace || before == UInt8(ascii: "{") { return index + 1..<close }
            }
            index = close + 1
        }
        return nil
    }
}

/// Runs of backticks by length, so that each opening run finds its closing one without another search of the text.
private struct CodeSpans {
    private var block: Excerpt
    private var runs: [Int: [Int]] = [:]
    private var cursors: [Int: Int] = [:]

    init(block: Excerpt) {
        self.block = block
        var index = 0
        while let tick = block.bytes[index...].firstIndex(of: UInt8(ascii: "`")) {
            let length = runLength(at: tick)
            runs[length, default: []].append(tick)
            index = tick + length
        }
    }

    func runLength(at index: Int) -> Int {
        var end = index
        while block.byte(end) == UInt8(ascii: "`") { end += 1 }
        return end - index
    }

    /// The next run of exactly this length; asked for with rising `start`.
    mutating func close(from start: Int, length: Int) -> Int? {
        guard let positions = runs[length] else { return nil }
        var cursor = cursors[length] ?? 0
        while cursor < positions.count, positions[cursor] < start { cursor += 1 }
        cursors[length] = cursor
        return cursor < positions.count ? positions[cursor] : nil
    }
}
