/// Markdown's blocks, as far as images need them: what is code, front matter or a comment is left out, and what remains
/// is handed on in stretches of inline text (paragraphs, headings, table rows) without the markers of quotes.
///
/// CommonMark 0.31 sections 4 and 5. Indented code is told from a list's continued text by the list's own indentation.
struct MarkdownBlocks {
    var source: Excerpt
    var isMDX: Bool

    func captions() -> [FoundCaption] {
        let blocks = inlineBlocks().map { Excerpt(of: source, ranges: $0) }
        var definitions: [String: Range<Int>] = [:]
        var bodies: [(Excerpt, Int)] = []
        for block in blocks {
            let start = MarkdownDefinitions.read(block, in: source, into: &definitions)
            bodies.append((block, start))
        }
        let destinations = definitions.mapValues { MarkdownDestination.text($0, of: source) }
        let imports = isMDX ? JSXImports(source: source).paths() : [:]
        return bodies.flatMap { block, start in
            MarkdownInlines(block: block, start: start, definitions: destinations, isMDX: isMDX, imports: imports)
                .captions()
        }
    }

    /// Ranges of the document's lines, grouped by the stretch of inline text that they belong to.
    private func inlineBlocks() -> [[Range<Int>]] {
        let lines = source.lines()
        var blocks: [[Range<Int>]] = []
        var current: [Range<Int>] = []
        var lists = ListIndents()
        var index = frontMatterEnd(lines)
        var afterBlank = true
        func end() {
            if !current.isEmpty { blocks.append(current) }
            current = []
        }
        while index < lines.count {
            let content = withoutQuotes(lines[index])
            if source.isBlank(content) {
                end()
                (afterBlank, index) = (true, index + 1)
                continue
            }
            let indent = indentation(content)
            if indent < lists.content + 4, let fence = fence(content) {
                end()
                index = fenceEnd(lines, after: index, fence: fence)
                afterBlank = true
                continue
            }
            if source.has("<!--", at: source.contentStart(content))
                && source.find("-->", from: content.lowerBound, to: content.upperBound) == nil
            {
                end()
                index = commentEnd(lines, after: index)
                afterBlank = true
                continue
            }
            let isMarker = lists.read(source, content, indent: indent, afterBlank: afterBlank)
            if afterBlank, current.isEmpty, !isMarker, indent >= lists.content + 4, !isMDX {
                index += 1
                continue
            }
            if isMarker || startsHeading(content) { end() }
            let next = index + 1 < lines.count ? lines[index + 1].lowerBound : source.count
            current.append(
                source.contentStart(content)..<max(content.upperBound, min(next, lineEnd(content.upperBound))))
            if startsHeading(content) { end() }
            (afterBlank, index) = (false, index + 1)
        }
        end()
        return blocks
    }

    /// After the line's end, so that inline text sees where lines end.
    private func lineEnd(_ index: Int) -> Int {
        source.byte(index) == .newline || source.byte(index) == .carriageReturn ? index + 1 : index
    }

    /// YAML between `---` lines at the very start.
    private func frontMatterEnd(_ lines: [Range<Int>]) -> Int {
        guard let first = lines.first, source.string(source.trimmed(first)) == "---", first.lowerBound == 0 else {
            return 0
        }
        let close = lines.dropFirst().firstIndex { ["---", "..."].contains(source.string(source.trimmed($0))) }
        return close.map { $0 + 1 } ?? 0
    }

    /// The line without leading `>` markers.
    private func withoutQuotes(_ line: Range<Int>) -> Range<Int> {
        var start = line.lowerBound
        while true {
            let marker = source.contentStart(start..<line.upperBound)
            guard marker - start <= 3, marker < line.upperBound, source.byte(marker) == UInt8(ascii: ">") else {
                return start..<line.upperBound
            }
            start = marker + 1
            if source.byte(start) == .space, start < line.upperBound { start += 1 }
        }
    }

    private func indentation(_ line: Range<Int>) -> Int {
        var columns = 0
        for byte in source.bytes[line] {
            if byte == .space { columns += 1 } else if byte == .tab { columns += 4 - columns % 4 } else { break }
        }
        return columns
    }

    private func startsHeading(_ line: Range<Int>) -> Bool {
        let start = source.contentStart(line)
        let hashes = source.bytes[start..<line.upperBound].prefix { $0 == UInt8(ascii: "#") }.count
        return (1...6).contains(hashes) && (source.byte(start + hashes).isSpace || start + hashes == line.upperBound)
    }

    private func fence(_ line: Range<Int>) -> (byte: UInt8, length: Int)? {
        let start = source.contentStart(line)
        let byte = source.byte(start)
        guard start < line.upperBound, byte == UInt8(ascii: "`") || byte == UInt8(ascii: "~") else { return nil }
        let length = source.bytes[start..<line.upperBound].prefix { $0 == byte }.count
        guard length >= 3, byte == UInt8(ascii: "~") || !source.bytes[start + length..<line.upperBound].contains(byte)
        else { return nil }
        return (byte, length)
    }

    private func fenceEnd(_ lines: [Range<Int>], after opening: Int, fence: (byte: UInt8, length: Int)) -> Int {
        for index in lines.indices.dropFirst(opening + 1) {
            let content = source.trimmed(withoutQuotes(lines[index]))
            if content.count >= fence.length, source.bytes[content].allSatisfy({ $0 == fence.byte }) {
                return index + 1
            }
        }
        return lines.count
    }

    private func commentEnd(_ lines: [Range<Int>], after opening: Int) -> Int {
        let close = lines[(opening + 1)...].firstIndex {
            source.find("-->", from: $0.lowerBound, to: $0.upperBound) != nil
        }
        return close.map { $0 + 1 } ?? lines.count
    }
}

/// How far the open list items' text is indented.
private struct ListIndents {
    private var stack: [Int] = []

    /// The innermost open item's.
    var content: Int { stack.last ?? 0 }

    /// Follows a line: opens an item at a marker, closes items that the line does not belong to.
    /// Returns whether the line starts with a marker.
    mutating func read(_ source: Excerpt, _ line: Range<Int>, indent: Int, afterBlank: Bool) -> Bool {
        let start = source.contentStart(line)
        var index = start
        if [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "*")].contains(source.byte(index)) {
            index += 1
        } else {
            while source.byte(index).isDigit, index - start < 9 { index += 1 }
            guard index > start, source.byte(index) == UInt8(ascii: ".") || source.byte(index) == UInt8(ascii: ")")
            else {
                index = start
                close(indent, afterBlank)
                return false
            }
            index += 1
        }
        guard index < line.upperBound, source.byte(index).isSpace, indent < content + 4 else {
            close(indent, afterBlank)
            return false
        }
        while indent < content { stack.removeLast() }
        let spaces = source.contentStart(index..<line.upperBound) - index
        stack.append(indent + index - start + (spaces > 4 ? 1 : spaces))
        return true
    }

    private mutating func close(_ indent: Int, _ afterBlank: Bool) {
        // A line right after an item's text continues it, however little it is indented.
        guard afterBlank else { return }
        while indent < content { stack.removeLast() }
    }
}
