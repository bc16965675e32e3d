/// Images in Markdown: `![caption](path)`, reference images, `<img>`, wiki embeds and MyST's figures; in MDX also tags
/// of JavaScript.
struct MarkdownCaptions {
    let source: Excerpt
    let isMDX: Bool

    func captions() throws(CancellationError) -> [FoundCaption] {
        let blocks = try MarkdownBlockReader.blocks(of: source, isMDX: isMDX)
        var definitions: [String: String] = [:]
        var starts: [Int] = []
        for block in blocks {
            guard case .inline(let ranges) = block, let first = ranges.first,
                source.byte(first.lowerBound) == UInt8(ascii: "[")
            else { continue }
            starts.append(try MarkdownDefinitions.read(Excerpt(of: source, ranges: ranges), into: &definitions))
        }
        let imports = isMDX ? try JSXImports(of: source) : JSXImports()
        var nextStart = starts[...]
        var found: [FoundCaption] = []
        for block in blocks {
            switch block {
            case .inline(let ranges):
                let hasDefinitions = source.byte(ranges[0].lowerBound) == UInt8(ascii: "[")
                let inlines = MarkdownInlines(
                    block: try Excerpt(of: source, ranges: ranges), definitions: definitions, isMDX: isMDX,
                    imports: imports)
                found += try inlines.captions(from: hasDefinitions ? nextStart.removeFirst() : 0)
            case .html(let ranges):
                found += try HTMLCaptions.captions(in: Excerpt(of: source, ranges: ranges), dialect: .html)
            case .code(let ranges):
                var scanner = JavaScriptScanner(
                    source: try Excerpt(of: source, ranges: ranges), dialect: .mdx, imports: imports)
                try scanner.program(from: 0)
                found += scanner.captions
            case .directive(let directive):
                if let caption = try directive.caption(in: source, definitions: definitions) { found.append(caption) }
            }
        }
        return found
    }
}

/// A stretch of a document, as ranges of its lines without the markers of quotes and lists.
enum MarkdownBlock {
    /// Text with inline markup: a paragraph, a heading, a cell of a table.
    case inline([Range<Int>])
    case html([Range<Int>])
    /// JavaScript of MDX: `import …` and `export …`.
    case code([Range<Int>])
    case directive(MySTDirective)
}

/// A figure or image as MyST writes it: a fence of backticks or colons with `{figure} path`, options and a caption.
struct MySTDirective {
    /// From the opening fence to the closing one.
    var range: Range<Int>
    var isFigure: Bool
    var path: Range<Int>
    var lines: [Range<Int>] = []

    /// What an opening fence's text announces; nil for any other.
    init?(info: Range<Int>, fence: Int, in source: Excerpt) {
        let names: [(name: StaticString, isFigure: Bool)] = [
            ("{figure}", true), ("{image}", false), ("{figure-md}", true),
        ]
        guard let directive = names.first(where: { source.has($0.name, at: info.lowerBound) }) else { return nil }
        isFigure = directive.isFigure
        path = source.trimmed(info.lowerBound + directive.name.utf8CodeUnitCount..<info.upperBound)
        range = fence..<info.upperBound
        if path.isEmpty { return nil }
    }

    /// Takes one more line, or the closing fence.
    mutating func add(_ line: Range<Int>?, end: Int) {
        if let line { lines.append(line) }
        range = range.lowerBound..<end
    }

    /// The figure's first paragraph, or the option `alt`.
    func caption(in source: Excerpt, definitions: [String: String]) throws(CancellationError) -> FoundCaption? {
        var rest = lines[...]
        var alt: MappedText?
        func option(_ line: Range<Int>) throws(CancellationError) -> Range<Int>? {
            for name: StaticString in [":alt:", "alt:"] where source.has(name, at: line.lowerBound) {
                let value = source.trimmed(
                    min(line.lowerBound + name.utf8CodeUnitCount, line.upperBound)..<line.upperBound)
                let quote = source.byte(value.lowerBound)
                let isQuoted =
                    value.count >= 2 && "\"'".utf8.contains(quote) && source.byte(value.upperBound - 1) == quote
                return isQuoted ? value.lowerBound + 1..<value.upperBound - 1 : value
            }
            return nil
        }
        func read(_ line: Range<Int>) throws(CancellationError) {
            guard let value = try option(line) else { return }
            var text = MappedText()
            try text.append(value, of: source)
            alt = text
        }
        func content(_ line: Range<Int>) -> Range<Int> { source.trimmed(line) }
        if let first = rest.first.map(content), source.bytes[first].elementsEqual("---".utf8) {
            rest.removeFirst()
            while let line = rest.first.map(content) {
                rest.removeFirst()
                if source.bytes[line].elementsEqual("---".utf8) { break }
                try read(line)
            }
        } else {
            while let line = rest.first.map(content), source.byte(line.lowerBound) == UInt8(ascii: ":"), !line.isEmpty {
                rest.removeFirst()
                try read(line)
            }
        }
        rest = rest.drop { source.isBlank($0) }
        let paragraph = rest.prefix { !source.isBlank($0) }.map { line in
            source.contentStart(line)..<source.afterLineEnd(line.upperBound)
        }
        var text = alt
        if isFigure, !paragraph.isEmpty {
            let inlines = MarkdownInlines(
                block: try Excerpt(of: source, ranges: Array(paragraph)), definitions: definitions, isMDX: false,
                imports: JSXImports())
            text = try inlines.plainText()
        }
        guard let text else { return nil }
        return FoundCaption(
            image: ImageReference(uri: try MarkdownDestination.text(path, of: source)),
            caption: try text.collapsed(source.poll), range: source.sourceRange(range))
    }
}
