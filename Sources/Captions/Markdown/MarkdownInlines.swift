/// Images in one stretch of inline text: `![caption](path)`, reference images, and `<img>` tags.
///
/// One pass with a stack of open brackets, as CommonMark's appendix describes; code spans, comments, tags and autolinks
/// are atoms.
struct MarkdownInlines {
    var block: Excerpt
    /// Where the text begins (after reference definitions).
    var start: Int
    /// Destinations by normalised label.
    var definitions: [String: String]
    var isMDX: Bool
    var imports: [String: String]

    /// What the pass finds: images, and what a caption's plain text must leave out or take apart.
    struct Findings {
        var images: [(text: Range<Int>, image: ImageReference, range: Range<Int>)] = []
        var tags: [FoundCaption] = []
        var atoms = MarkdownAtoms()
    }

    func captions() -> [FoundCaption] {
        var findings = Findings()
        scan(into: &findings)
        let plain = MarkdownPlainText(block: block, atoms: findings.atoms)
        return findings.tags
            + findings.images.map { text, image, range in
                FoundCaption(image: image, caption: plain.text(text).collapsed(), range: block.sourceRange(range))
            }
    }

    private func scan(into findings: inout Findings) {
        var brackets: [(index: Int, isImage: Bool)] = []
        var spans = CodeSpans(block: block)
        var hasCommentEnd = true
        var index = start
        while index < block.count {
            switch block.byte(index) {
            case .backslash:
                index += 2
            case UInt8(ascii: "`"):
                let run = spans.runLength(at: index)
                guard let close = spans.close(from: index + run, length: run) else {
                    index += run
                    continue
                }
                findings.atoms.add(.code(index + run..<close), at: index..<close + run)
                index = close + run
            case UInt8(ascii: "<"):
                index = tag(at: index, hasCommentEnd: &hasCommentEnd, into: &findings)
            case UInt8(ascii: "{") where isMDX && block.has("{/*", at: index):
                index = block.find("*/}", from: index).map { $0 + 3 } ?? block.count
            case UInt8(ascii: "!") where block.byte(index + 1) == UInt8(ascii: "["):
                brackets.append((index, true))
                index += 2
            case UInt8(ascii: "["):
                brackets.append((index, false))
                index += 1
            case UInt8(ascii: "]"):
                guard let open = brackets.popLast() else {
                    index += 1
                    continue
                }
                index = close(open, at: index, into: &findings)
            default:
                index += 1
            }
        }
    }

    /// Handles the `]` that closes a bracket; returns where to go on.
    private func close(_ open: (index: Int, isImage: Bool), at index: Int, into findings: inout Findings) -> Int {
        let text = open.index + (open.isImage ? 2 : 1)..<index
        var target: (uri: String, end: Int)?
        if block.byte(index + 1) == UInt8(ascii: "("),
            let (destination, end) = MarkdownDestination.inline(block, at: index + 1)
        {
            target = (MarkdownDestination.text(destination, of: block), end)
        } else if block.byte(index + 1) == UInt8(ascii: "["),
            let end = MarkdownDefinitions.labelEnd(block, at: index + 1)
        {
            let label = end - index > 3 || block.byte(index + 2) != UInt8(ascii: "]") ? index + 2..<end - 1 : text
            target = defined(label).map { ($0, end) }
        }
        if target == nil, text.count <= 999 { target = defined(text).map { ($0, index + 1) } }
        guard let target else { return index + 1 }
        findings.atoms.add(.link(text), at: open.index..<target.end)
        if open.isImage {
            // An image inside another's caption is only part of that text.
            while let last = findings.images.last, last.range.lowerBound > open.index { findings.images.removeLast() }
            findings.images.append((text, ImageReference(uri: target.uri), open.index..<target.end))
        }
        return target.end
    }

    private func defined(_ label: Range<Int>) -> String? {
        definitions.isEmpty ? nil : definitions[MarkdownDefinitions.normalized(block.string(label))]
    }

    /// Passes over a comment, a tag or an autolink, and lists `<img>`.
    private func tag(at index: Int, hasCommentEnd: inout Bool, into findings: inout Findings) -> Int {
        if block.has("<!--", at: index), hasCommentEnd {
            guard let close = block.find("-->", from: index + 4) else {
                hasCommentEnd = false
                return index + 1
            }
            findings.atoms.add(.hidden, at: index..<close + 3)
            return close + 3
        }
        if let tag = HTMLTag(block, at: index, end: block.count, braces: isMDX) {
            findings.atoms.add(.hidden, at: index..<tag.end)
            let caption =
                isMDX
                ? JSXCaptions.caption(tag, at: index, in: block, imports: imports)
                : HTMLCaptions.caption(tag, at: index, in: block)
            let isImage =
                tag.isNamed("img", in: block, caseInsensitive: !isMDX)
                || (isMDX && tag.isNamed("Image", in: block, caseInsensitive: false))
            if isImage, let caption { findings.tags.append(caption) }
            return tag.end
        }
        // Closing tags and autolinks hold neither spaces nor `<`.
        var end = index + 1
        while end < block.count, !block.byte(end).isSpace, block.byte(end) != UInt8(ascii: "<"),
            block.byte(end) != UInt8(ascii: ">")
        { end += 1 }
        guard block.byte(end) == UInt8(ascii: ">"), end > index + 1 else { return index + 1 }
        let isClosingTag = block.byte(index + 1) == UInt8(ascii: "/")
        findings.atoms.add(isClosingTag ? .hidden : .code(index + 1..<end), at: index..<end + 1)
        return end + 1
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
        while index < block.count {
            let length = runLength(at: index)
            if length > 0 { runs[length, default: []].append(index) }
            index += max(1, length)
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
