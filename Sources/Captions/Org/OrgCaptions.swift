/// `#+CAPTION:` with the image links of the paragraph that follows it, in Org (manual, "Captions" and "Images";
/// `org-element.el` for the syntax).
///
/// Other affiliated keywords may stand between them; several `#+CAPTION:` lines are one caption. Blocks of source,
/// examples and comments are passed over; one that does not end is a part of a paragraph, as a drawer is.
struct OrgCaptions {
    private let source: Excerpt
    private let lines: [Range<Int>]
    private let ends: OrgEnds
    private var found: [FoundCaption] = []
    private var caption = MappedText()
    private var paragraph: Range<Int>?
    /// The last lines of the blocks and drawers that are open, the innermost last.
    private var limits: [Int] = []

    init(source: Excerpt) throws(CancellationError) {
        self.source = source
        lines = try source.lines()
        ends = try OrgEnds(of: lines, in: source)
    }

    func captions() throws(CancellationError) -> [FoundCaption] {
        var reader = self
        try reader.read()
        return reader.found
    }

    private mutating func read() throws(CancellationError) {
        var line = 0
        while line < lines.count {
            try source.poll.advance(8)
            if line == limits.last {
                limits.removeLast()
                try finish()
            } else {
                line = try readElement(line)
            }
            line += 1
        }
        try finish()
    }

    /// Reads a line, or all lines of what is passed over.
    /// - Returns: the last line that was read.
    private mutating func readElement(_ line: Int) throws(CancellationError) -> Int {
        let text = source.trimmed(lines[line])
        if let construct = try ends.construct(at: line, text, before: limits.last ?? lines.count, in: source) {
            try finish()
            switch construct {
            case .passedOver(let end): return end
            case .container(let end): limits.append(end)
            }
        } else if let value = try keyword(text) {
            try endParagraph()
            if value.isCaption {
                if !caption.isEmpty {
                    caption.append(" ", for: source.sourceRange(value.text.lowerBound..<value.text.lowerBound))
                }
                caption.append(try OrgPlainText(source: source).text(value.text))
            } else if !value.isAffiliated {
                caption = MappedText()
            }
        } else if endsParagraph(lines[line], text), !(isComment(text) && paragraph == nil && !caption.isEmpty) {
            try finish()
        } else if !caption.isEmpty {
            // Also a comment behind keywords, which it cannot have: `org-element.el` begins a paragraph with it.
            paragraph = (paragraph?.lowerBound ?? text.lowerBound)..<text.upperBound
        }
        return line
    }

    /// Ends what is open: the next line belongs to something else.
    private mutating func finish() throws(CancellationError) {
        try endParagraph()
        caption = MappedText()
    }

    private mutating func endParagraph() throws(CancellationError) {
        guard let range = paragraph else { return }
        paragraph = nil
        let text = try caption.collapsed(source.poll)
        caption = MappedText()
        for link in try OrgLinks.all(in: range, of: source) {
            guard let image = link.image(in: source) else { continue }
            found.append(FoundCaption(image: image, caption: text, range: source.sourceRange(link.range)))
        }
    }

    /// Blank lines, headlines, list items, tables, comments, fixed-width text, rules, clocks, diary entries and
    /// footnotes are not paragraphs.
    private func endsParagraph(_ line: Range<Int>, _ text: Range<Int>) -> Bool {
        guard let first = source.bytes[text].first else { return true }
        let next = text.count > 1 ? source.byte(text.lowerBound + 1) : .space
        let isIndented = text.lowerBound > line.lowerBound
        switch first {
        case UInt8(ascii: "*"):
            let stars = source.bytes[text].prefix { $0 == UInt8(ascii: "*") }.count
            return isIndented ? next.isSpace : source.byte(text.lowerBound + stars) == .space
        case UInt8(ascii: "-"):
            return next.isSpace || (text.count >= 5 && source.bytes[text].allSatisfy { $0 == UInt8(ascii: "-") })
        case UInt8(ascii: "+"):
            return next.isSpace || isTableRule(text)
        case UInt8(ascii: "#"):
            return isComment(text)
        case UInt8(ascii: "|"):
            return true
        case UInt8(ascii: ":"):
            return next.isSpace
        case UInt8(ascii: "%"):
            return !isIndented && source.has("%%(", at: text.lowerBound)
        case UInt8(ascii: "["):
            return !isIndented && isFootnote(text)
        case UInt8(ascii: "c"), UInt8(ascii: "C"):
            return source.has("clock:", at: text.lowerBound, caseInsensitive: true)
        case _ where first.isDigit:
            let digits = source.bytes[text].prefix(while: \.isDigit).count
            let mark = source.byte(text.lowerBound + digits)
            return digits < text.count && ").".utf8.contains(mark)
                && (digits + 1 == text.count || source.byte(text.lowerBound + digits + 1).isSpace)
        default:
            return false
        }
    }

    private func isComment(_ text: Range<Int>) -> Bool {
        source.has("#", at: text.lowerBound) && !text.isEmpty
            && (text.count == 1 || source.byte(text.lowerBound + 1).isSpace)
    }

    /// `+---+--+`, a line of a table that `table.el` makes.
    private func isTableRule(_ text: Range<Int>) -> Bool {
        let bytes = source.bytes[text]
        guard text.count >= 3, bytes.last == UInt8(ascii: "+") else { return false }
        return zip(bytes, bytes.dropFirst()).allSatisfy { byte, next in
            next == UInt8(ascii: "-") || (next == UInt8(ascii: "+") && byte == UInt8(ascii: "-"))
        }
    }

    /// `[fn:label]`, a footnote's definition.
    private func isFootnote(_ text: Range<Int>) -> Bool {
        guard source.has("[fn:", at: text.lowerBound, caseInsensitive: true) else { return false }
        let label = source.bytes[text].dropFirst(4).prefix { $0.isAlphanumeric || $0 >= 0x80 || "-_".utf8.contains($0) }
        return !label.isEmpty && label.endIndex < text.upperBound && source.byte(label.endIndex) == UInt8(ascii: "]")
    }

    private static let affiliated: Set<String> = [
        "caption", "data", "header", "headers", "label", "name", "plot", "resname", "result", "results", "source",
        "srcname", "tblname",
    ]

    /// `#+NAME: value` or `#+NAME[short]: value`; nil for any other line. A short value that is not a caption's or a
    /// result's makes no keyword in the middle of a paragraph.
    private func keyword(
        _ text: Range<Int>
    ) throws(CancellationError) -> (isCaption: Bool, isAffiliated: Bool, text: Range<Int>)? {
        guard source.has("#+", at: text.lowerBound) else { return nil }
        var index = text.lowerBound + 2
        let start = index
        while index < text.upperBound, !source.byte(index).isSpace, !":[".utf8.contains(source.byte(index)) {
            try source.poll.advance()
            index += 1
        }
        let name = String(decoding: source.bytes[start..<index].prefix(32).map(\.lowercased), as: UTF8.self)
        var isAffiliated = Self.affiliated.contains(name) || name.hasPrefix("attr_")
        if index < text.upperBound, source.byte(index) == UInt8(ascii: "[") {
            let tail = source.bytes[index..<text.upperBound]
            if name == "caption" || name == "results" {
                // The last `]:` of the line ends the short value.
                var close = tail.endIndex - 1
                while close > index, !(tail[close] == UInt8(ascii: ":") && tail[close - 1] == UInt8(ascii: "]")) {
                    try source.poll.advance()
                    close -= 1
                }
                if close > index { index = close }
            } else if paragraph == nil {
                let word = tail.prefix { !$0.isSpace }
                guard let colon = word.lastIndex(of: UInt8(ascii: ":")) else { return nil }
                (index, isAffiliated) = (colon, false)
            }
        }
        guard index > start, index < text.upperBound, source.byte(index) == UInt8(ascii: ":") else { return nil }
        return (name == "caption", isAffiliated, source.trimmed(index + 1..<text.upperBound))
    }
}

/// A link: `[[target][description]]`, `[[target]]`, `<file:target>` or `file:target`.
struct OrgLink {
    var range: Range<Int>
    var target: Range<Int>
    var description: Range<Int>?

    /// The image that Org shows for it: the target's where there is no description, else one that the description
    /// names.
    func image(in source: Excerpt) -> ImageReference? {
        let shown = description ?? target
        guard shown.count <= 4_096 else { return nil }
        return Self.image(source.string(shown), isDescription: description != nil)
    }

    private static func image(_ link: String, isDescription: Bool) -> ImageReference? {
        var path = link.trimmingSpaces
        if isDescription, path.hasPrefix("<"), path.hasSuffix(">") { path = String(path.dropFirst().dropLast()) }
        if let search = path.range(of: "::") { path = String(path[..<search.lowerBound]) }
        let isFile = path.utf8.starts(with: "file:".utf8)
        if isFile {
            path = String(path.dropFirst(5))
            if path.hasPrefix("///") { path = String(path.dropFirst(2)) }
            if path.hasPrefix("//localhost/") { path = String(path.dropFirst(11)) }
        } else if !["/", "~/", "./", "../"].contains(where: { path.utf8.starts(with: $0.utf8) }) {
            // Anything else is a link to a place in the document, or on the network.
            return nil
        }
        let lowercased = path.lowercased()
        return endings.contains(where: lowercased.hasSuffix) ? ImageReference(path: path) : nil
    }

    private static let endings = [".png", ".jpg", ".jpeg", ".webp", ".gif", ".svg", ".bmp", ".tif", ".tiff", ".avif"]
}

/// Finds links in a stretch of text.
struct OrgLinks {
    let source: Excerpt
    let range: Range<Int>
    private var closings: Occurrences

    init(source: Excerpt, range: Range<Int>) {
        self.source = source
        self.range = range
        closings = Occurrences("]]", to: range.upperBound)
    }

    static func all(in range: Range<Int>, of source: Excerpt) throws(CancellationError) -> [OrgLink] {
        var finder = OrgLinks(source: source, range: range)
        var result: [OrgLink] = []
        var index = range.lowerBound
        while index < range.upperBound {
            try source.poll.advance()
            if let link = try finder.link(at: index) {
                result.append(link)
                index = link.range.upperBound
            } else {
                index += 1
            }
        }
        return result
    }

    /// The link that begins at an index; asked for with rising indices.
    mutating func link(at index: Int) throws(CancellationError) -> OrgLink? {
        switch source.byte(index) {
        case UInt8(ascii: "["):
            guard source.byte(index + 1) == UInt8(ascii: "[") else { return nil }
            return try bracketLink(at: index)
        case UInt8(ascii: "<"):
            guard source.has("<file:", at: index) else { return nil }
            var end = index + 1
            while end < range.upperBound, !"<>\n".utf8.contains(source.byte(end)) {
                try source.poll.advance()
                end += 1
            }
            guard end < range.upperBound, source.byte(end) == UInt8(ascii: ">") else { return nil }
            return OrgLink(range: index..<end + 1, target: index + 1..<end)
        case UInt8(ascii: "f"):
            let isWord =
                index > range.lowerBound && (source.byte(index - 1).isAlphanumeric || source.byte(index - 1) >= 0x80)
            guard source.has("file:", at: index), !isWord else { return nil }
            var end = index + 5
            while end < range.upperBound, !source.byte(end).isSpace, !"()<>[]".utf8.contains(source.byte(end)) {
                try source.poll.advance()
                end += 1
            }
            // Punctuation at the end belongs to the sentence.
            while end > index + 5, source.byte(end - 1).isPunctuation, source.byte(end - 1) != UInt8(ascii: "/") {
                end -= 1
            }
            return end > index + 5 ? OrgLink(range: index..<end, target: index..<end) : nil
        default:
            return nil
        }
    }

    private mutating func bracketLink(at index: Int) throws(CancellationError) -> OrgLink? {
        var end = index + 2
        // Brackets and backslashes before brackets are escaped in a target.
        while end < range.upperBound, !"[]".utf8.contains(source.byte(end)) {
            try source.poll.advance()
            end += source.byte(end) == .backslash ? 2 : 1
        }
        guard end > index + 2, end + 1 < range.upperBound, source.byte(end) == UInt8(ascii: "]") else { return nil }
        let target = index + 2..<end
        if source.byte(end + 1) == UInt8(ascii: "]") { return OrgLink(range: index..<end + 2, target: target) }
        guard source.byte(end + 1) == UInt8(ascii: "["),
            let close = try closings.next(in: source, from: end + 3)
        else { return nil }
        return OrgLink(range: index..<close + 2, target: target, description: end + 2..<close)
    }
}

/// Org's emphasis, links and footnotes reduced to their text.
struct OrgPlainText {
    let source: Excerpt

    func text(_ range: Range<Int>) throws(CancellationError) -> MappedText {
        var result = MappedText()
        try append(range, to: &result, depth: 0)
        return result
    }

    private func append(_ range: Range<Int>, to result: inout MappedText, depth: Int) throws(CancellationError) {
        var links = OrgLinks(source: source, range: range)
        var closings = Closings(source: source, range: range)
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            try source.poll.advance()
            let byte = source.byte(index)
            if depth < 16, let link = try links.link(at: index) {
                try result.append(plain..<index, of: source)
                if let description = link.description {
                    try append(description, to: &result, depth: depth + 1)
                } else {
                    try result.append(link.target, of: source)
                }
                (index, plain) = (link.range.upperBound, link.range.upperBound)
            } else if byte == UInt8(ascii: "["), source.has("[fn:", at: index) || source.has("[cite", at: index),
                let close = try closings.bracket.next(in: source, from: index)
            {
                try result.append(plain..<index, of: source)
                (index, plain) = (close + 1, close + 1)
            } else if depth < 16, Closings.markers.contains(byte), closings.canOpen(index),
                let close = try closings.next(byte, after: index)
            {
                try result.append(plain..<index, of: source)
                let isVerbatim = byte == UInt8(ascii: "=") || byte == UInt8(ascii: "~")
                if isVerbatim {
                    try result.append(index + 1..<close, of: source)
                } else {
                    try append(index + 1..<close, to: &result, depth: depth + 1)
                }
                (index, plain) = (close + 1, close + 1)
            } else {
                index += 1
            }
        }
        try result.append(plain..<range.upperBound, of: source)
    }

    /// Where emphasis may open and close (`org-element.el`, `org-emphasis-regexp-components`).
    private struct Closings {
        static let markers = Set("*/_=~+".utf8)

        let source: Excerpt
        let range: Range<Int>
        var bracket: Occurrences
        /// For each marker, from where its closing was looked for, and where it is.
        private var known: [UInt8: (start: Int, found: Int?)] = [:]

        init(source: Excerpt, range: Range<Int>) {
            self.source = source
            self.range = range
            bracket = Occurrences("]", to: range.upperBound)
        }

        func canOpen(_ index: Int) -> Bool {
            let before = index > range.lowerBound ? source.byte(index - 1) : .space
            guard before.isSpace || "-('\"{".utf8.contains(before) || isDash(before: index) else { return false }
            return index + 1 < range.upperBound && !source.byte(index + 1).isSpace
        }

        private func isDash(before index: Int) -> Bool {
            source.has("–", at: index - 3) || source.has("—", at: index - 3)
        }

        /// The first place after an opening marker where it can close.
        mutating func next(_ marker: UInt8, after open: Int) throws(CancellationError) -> Int? {
            if let known = known[marker], known.start <= open, known.found.map({ $0 > open + 1 }) ?? true {
                return known.found
            }
            var index = open + 2
            while index < range.upperBound, !(source.byte(index) == marker && canClose(index)) {
                try source.poll.advance()
                index += 1
            }
            let found = index < range.upperBound ? index : nil
            known[marker] = (open, found)
            return found
        }

        private func canClose(_ index: Int) -> Bool {
            guard !source.byte(index - 1).isSpace, index + 1 < range.upperBound else {
                return !source.byte(index - 1).isSpace
            }
            let after = source.byte(index + 1)
            return after.isSpace || "-.,:!?;'\")}\\[".utf8.contains(after) || source.has("–", at: index + 1)
                || source.has("—", at: index + 1)
        }
    }
}
