/// Markdown's blocks: CommonMark 0.31 sections 4 and 5, tables of GitHub Flavored Markdown, and front matter.
///
/// Code is left out, and what remains is handed on in stretches of inline text and HTML. The document is read line by
/// line, as CommonMark's appendix describes: first the open containers that a line continues, then those that it opens,
/// then its text.
struct MarkdownBlockReader {
    private enum Container {
        case quote
        /// A list item with its text's indentation; an item without text ends at a second blank line.
        case item(indent: Int, isEmpty: Bool)
    }

    private enum Leaf {
        case none
        case paragraph([Range<Int>])
        /// Cells below the header's count are not looked at.
        case table
        case indentedCode
        case fence(byte: UInt8, length: Int, MySTDirective?)
        case html([Range<Int>], MarkdownHTMLBlock)
        case code([Range<Int>])
    }

    /// Containers deeper than these are text, so that lines stay cheap.
    private static let deepest = 100

    private let source: Excerpt
    private let isMDX: Bool
    private var blocks: [MarkdownBlock] = []
    private var containers: [Container] = []
    private var leaf = Leaf.none
    /// How many containers the line continues.
    private var matched = 0

    static func blocks(of source: Excerpt, isMDX: Bool) throws(CancellationError) -> [MarkdownBlock] {
        var reader = MarkdownBlockReader(source: source, isMDX: isMDX)
        let lines = try source.lines()
        for line in lines[reader.frontMatterEnd(lines)...] {
            try source.poll.advance(line.count + 8)
            try reader.read(line)
        }
        reader.closeLeaf()
        return reader.blocks
    }

    private init(source: Excerpt, isMDX: Bool) {
        self.source = source
        self.isMDX = isMDX
    }

    /// YAML between `---` lines or TOML between `+++` lines at the very start.
    private func frontMatterEnd(_ lines: [Range<Int>]) -> Int {
        func isLine(_ line: Range<Int>, _ text: String) -> Bool {
            var end = line.upperBound
            while end > line.lowerBound, source.byte(end - 1).isSpace { end -= 1 }
            return source.bytes[line.lowerBound..<end].elementsEqual(text.utf8)
        }
        for (open, closings) in [("---", ["---", "..."]), ("+++", ["+++"])] where isLine(lines[0], open) {
            let close = lines.dropFirst().firstIndex { line in closings.contains { isLine(line, $0) } }
            return close.map { $0 + 1 } ?? 0
        }
        return 0
    }

    // MARK: One line

    private mutating func read(_ line: Range<Int>) throws(CancellationError) {
        var cursor = MarkdownLine(source: source, line)
        matchContainers(&cursor)
        let isComplete = matched == containers.count
        if isComplete, continueLeaf(&cursor) { return }
        if !isComplete || cursor.isBlank, !isParagraph { closeLeaf() }
        while !cursor.isBlank, try open(&cursor) {
            if isClosed(cursor) { return }
        }
        if cursor.isBlank {
            closeUnmatched()
            closeLeaf()
            return
        }
        addText(cursor)
    }

    private var isParagraph: Bool {
        if case .paragraph = leaf { true } else { false }
    }

    /// Whether the line was used up by the block that it opened.
    private func isClosed(_ cursor: MarkdownLine) -> Bool { cursor.index >= cursor.end }

    private mutating func matchContainers(_ cursor: inout MarkdownLine) {
        matched = 0
        for container in containers {
            switch container {
            case .quote:
                guard cursor.indent(upTo: 4) < 4, cursor.first == UInt8(ascii: ">") else { return }
                cursor.skipQuoteMarker()
            case .item(let indent, let isEmpty):
                if cursor.isBlank {
                    if isEmpty, matched == containers.count - 1 { return }
                } else {
                    guard cursor.indent(upTo: indent) >= indent else { return }
                    cursor.skip(columns: indent)
                }
            }
            matched += 1
        }
    }

    /// Continues code, HTML and the like; false where the line belongs to something else.
    private mutating func continueLeaf(_ cursor: inout MarkdownLine) -> Bool {
        switch leaf {
        case .fence(let byte, let length, var directive):
            // The lines are moved, not copied.
            leaf = .none
            let isClosed = cursor.indent(upTo: 4) < 4 && cursor.isClosingFence(byte, length: length)
            directive?.add(isClosed ? nil : cursor.index..<cursor.end, end: max(cursor.contentEnd, cursor.index))
            leaf = .fence(byte: byte, length: length, directive)
            if isClosed { closeLeaf() }
            return true
        case .html(var ranges, let kind):
            if kind.endsAtBlankLine, cursor.isBlank { return false }
            leaf = .none
            ranges.append(cursor.restWithLineEnd)
            leaf = .html(ranges, kind)
            if kind.isEnded(by: cursor) { closeLeaf() }
            return true
        case .code(var ranges):
            if cursor.isBlank { return false }
            leaf = .none
            ranges.append(cursor.restWithLineEnd)
            leaf = .code(ranges)
            return true
        case .indentedCode:
            return cursor.isBlank || cursor.indent(upTo: 4) >= 4
        case .none, .paragraph, .table:
            return false
        }
    }

    /// Opens the block that begins here; false where only text does.
    private mutating func open(_ cursor: inout MarkdownLine) throws(CancellationError) -> Bool {
        let indent = cursor.indent(upTo: 4)
        let goesOn = isParagraph && matched == containers.count
        if indent >= 4, !isMDX {
            if isParagraph { return false }
            begin(.indentedCode, &cursor)
            return true
        }
        let start = cursor.contentStart
        switch cursor.first {
        case UInt8(ascii: ">"):
            guard containers.count < Self.deepest else { return false }
            closeUnmatched()
            closeLeaf()
            cursor.skipQuoteMarker()
            noteContent()
            containers.append(.quote)
            matched = containers.count
            return true
        case UInt8(ascii: "#"):
            guard let text = cursor.heading() else { return false }
            begin(.none, &cursor)
            if !text.isEmpty { blocks.append(.inline([text])) }
            return true
        case UInt8(ascii: "`"), UInt8(ascii: "~"), UInt8(ascii: ":"):
            guard let (byte, length, info) = cursor.fence() else { return false }
            let directive = MySTDirective(info: info, fence: start, in: source)
            // Colons are a fence of MyST alone, and others hold text.
            if byte == UInt8(ascii: ":"), directive == nil { return false }
            begin(.fence(byte: byte, length: length, directive), &cursor)
            return true
        case UInt8(ascii: "<"):
            guard !isMDX,
                let kind = try MarkdownHTMLBlock(source, cursor.contentStart..<cursor.end, isInParagraph: goesOn)
            else { return false }
            let line = cursor.restWithLineEnd
            let isEnded = kind.isEnded(by: cursor)
            begin(.html([line], kind), &cursor)
            if isEnded { closeLeaf() }
            return true
        case UInt8(ascii: "="), UInt8(ascii: "-"), UInt8(ascii: "*"), UInt8(ascii: "_"), UInt8(ascii: "+"):
            if goesOn, cursor.isUnderline {
                begin(.none, &cursor)
                return true
            }
            if cursor.isThematicBreak {
                begin(.none, &cursor)
                return true
            }
            return try openItem(&cursor, goesOn: goesOn)
        case _ where cursor.first.isDigit:
            return try openItem(&cursor, goesOn: goesOn)
        case UInt8(ascii: "i"), UInt8(ascii: "e"):
            guard isMDX, containers.isEmpty, !isParagraph, indent == 0,
                source.has("import ", at: start) || source.has("export ", at: start)
            else { return false }
            let line = cursor.restWithLineEnd
            begin(.code([line]), &cursor)
            return true
        case UInt8(ascii: "{"):
            guard isMDX, !isParagraph, source.has("{/*", at: start), containers.isEmpty else { return false }
            let kind = MarkdownHTMLBlock.comment("*/}")
            let isEnded = kind.isEnded(by: cursor)
            if isEnded { return false }
            begin(.html([], kind), &cursor)
            return true
        default:
            return false
        }
    }

    private mutating func openItem(_ cursor: inout MarkdownLine, goesOn: Bool) throws(CancellationError) -> Bool {
        guard containers.count < Self.deepest, let marker = cursor.listMarker() else { return false }
        if goesOn, marker.isEmpty || !marker.mayInterrupt { return false }
        closeUnmatched()
        closeLeaf()
        cursor.skip(columns: marker.isEmpty ? marker.width - 1 : marker.width)
        noteContent()
        containers.append(.item(indent: marker.width, isEmpty: marker.isEmpty))
        matched = containers.count
        return true
    }

    /// Ends what the line does not continue, and uses the line up.
    private mutating func begin(_ new: Leaf, _ cursor: inout MarkdownLine) {
        closeUnmatched()
        closeLeaf()
        leaf = new
        noteContent()
        cursor.skipAll()
    }

    private mutating func noteContent() {
        if case .item(let indent, true) = containers.last {
            containers[containers.count - 1] = .item(indent: indent, isEmpty: false)
        }
    }

    private mutating func addText(_ cursor: MarkdownLine) {
        let isComplete = matched == containers.count
        if case .paragraph(var lines) = leaf {
            leaf = .none
            // A line that is less indented continues the paragraph all the same.
            if isComplete, let last = lines.last, let cells = MarkdownTable.header(last, delimiters: cursor, in: source)
            {
                lines.removeLast()
                if !lines.isEmpty { blocks.append(.inline(lines)) }
                leaf = .table
                add(cells)
                return
            }
            lines.append(cursor.contentWithLineEnd)
            leaf = .paragraph(lines)
            return
        }
        if case .table = leaf, isComplete {
            return add(MarkdownTable.cells(cursor.contentStart..<cursor.end, in: source))
        }
        closeUnmatched()
        closeLeaf()
        noteContent()
        leaf = .paragraph([cursor.contentWithLineEnd])
    }

    private mutating func add(_ cells: [Range<Int>]) {
        for cell in cells where !cell.isEmpty { blocks.append(.inline([cell])) }
    }

    private mutating func closeUnmatched() {
        guard matched < containers.count else { return }
        closeLeaf()
        containers.removeSubrange(matched...)
    }

    private mutating func closeLeaf() {
        switch leaf {
        case .paragraph(let lines): blocks.append(.inline(lines))
        case .html(let lines, _): if !lines.isEmpty { blocks.append(.html(lines)) }
        case .code(let lines): blocks.append(.code(lines))
        case .fence(_, _, let directive?): blocks.append(.directive(directive))
        case .none, .table, .indentedCode, .fence: break
        }
        leaf = .none
    }
}
