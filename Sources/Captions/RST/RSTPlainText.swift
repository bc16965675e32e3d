/// Inline markup of reStructuredText reduced to its text (Markup Specification, "Inline markup recognition rules").
struct RSTPlainText {
    let source: Excerpt
    /// Texts by normalised name.
    let substitutions: [String: String]

    /// The text of a paragraph's lines. Two colons at its end become one, or none after a space.
    func paragraph(_ lines: [Range<Int>]) throws(CancellationError) -> MappedText {
        guard let last = lines.last else { return MappedText() }
        var ranges = lines
        if source.bytes[last].suffix(2).elementsEqual("::".utf8) {
            let isAlone = last.count == 2 || source.byte(last.upperBound - 3).isSpace
            ranges[ranges.count - 1] = last.lowerBound..<last.upperBound - (isAlone ? 2 : 1)
        }
        // Markup may go on over lines, so that they are read as one.
        for index in ranges.indices.dropLast() {
            ranges[index] = ranges[index].lowerBound..<source.afterLineEnd(try source.lineEnd(ranges[index].upperBound))
        }
        return try RSTInlines(text: Excerpt(of: source, ranges: ranges), substitutions: substitutions).plainText()
    }

    /// The path of an image: white space is dropped unless a backslash stands before it. Nil where nothing is left.
    static func path(_ lines: [Range<Int>], of source: Excerpt) throws(CancellationError) -> String? {
        var path: [UInt8] = []
        for line in lines {
            var index = line.lowerBound
            while index < line.upperBound {
                try source.poll.advance()
                let byte = source.byte(index)
                if byte == .backslash, index + 1 < line.upperBound {
                    path.append(source.byte(index + 1))
                    index += 2
                    continue
                }
                if !byte.isSpace { path.append(byte) }
                index += 1
            }
        }
        return path.isEmpty ? nil : String(decoding: path, as: UTF8.self)
    }
}

/// One paragraph's inline markup.
private struct RSTInlines {
    let text: Excerpt
    let substitutions: [String: String]
    private var result = MappedText()
    private var index = 0
    private var plain = 0
    /// For each kind of markup, from where its end was looked for, and where it is.
    private var known: [String: (start: Int, found: Int?)] = [:]

    init(text: Excerpt, substitutions: [String: String]) {
        self.text = text
        self.substitutions = substitutions
    }

    func plainText() throws(CancellationError) -> MappedText {
        var reader = self
        try reader.read()
        return reader.result
    }

    private mutating func read() throws(CancellationError) {
        while index < text.count {
            try text.poll.advance()
            switch text.byte(index) {
            case .backslash: try escape()
            case UInt8(ascii: "*"):
                let mark = text.has("**", at: index) ? "**" : "*"
                if !(try markup(mark)) { index += mark.utf8.count }
            case UInt8(ascii: "`"):
                if text.has("``", at: index) {
                    if !(try literal()) { index += 2 }
                } else if !(try interpreted(role: index)) {
                    index += 1
                }
            case UInt8(ascii: ":"):
                if let tick = roleEnd(), opens(at: index, length: tick + 1 - index) {
                    let start = index
                    index = tick
                    if !(try interpreted(role: start)) { index += 1 }
                } else {
                    index += 1
                }
            case UInt8(ascii: "|"): if !(try substitution()) { index += 1 }
            case UInt8(ascii: "_"):
                if text.byte(index + 1) == UInt8(ascii: "`"), opens(at: index, length: 2), try target() { continue }
                if !(try reference()) { index += 1 }
            default: index += 1
            }
        }
        try flush(to: text.count)
    }

    /// Shows what was passed over, and goes on after what is not shown.
    private mutating func flush(to next: Int) throws(CancellationError) {
        try result.append(plain..<index, of: text)
        (index, plain) = (next, next)
    }

    /// A backslash takes the next character's meaning; before white space both vanish.
    private mutating func escape() throws(CancellationError) {
        let hidesSpace = text.byte(index + 1).isSpace
        try flush(to: min(text.count, index + (hidesSpace ? 2 : 1)))
        if !hidesSpace, index < text.count { index += 1 }
    }

    /// Text in stars: nothing inside is markup.
    private mutating func markup(_ mark: String) throws(CancellationError) -> Bool {
        let length = mark.utf8.count
        guard opens(at: index, length: length), let close = try closing(mark, from: index + length) else {
            return false
        }
        try flush(to: index + length)
        try unescaped(index..<close)
        (index, plain) = (close + length, close + length)
        return true
    }

    /// Text in double backticks stands as it is.
    private mutating func literal() throws(CancellationError) -> Bool {
        guard opens(at: index, length: 2), let close = try closing("``", from: index + 2) else { return false }
        try flush(to: index + 2)
        try result.append(index..<close, of: text)
        (index, plain) = (close + 2, close + 2)
        return true
    }

    /// `` `text` ``, `` `text`:role: ``, `` `text <target>`_ ``: the text. `start` is where a role before it begins.
    private mutating func interpreted(role start: Int) throws(CancellationError) -> Bool {
        guard start < index || opens(at: index, length: 1), let close = try closing("`", from: index + 1) else {
            return false
        }
        let open = index
        index = start
        try flush(to: open + 1)
        var next = close + 1
        var shown = close
        if text.byte(next) == UInt8(ascii: "_") {
            next += text.byte(next + 1) == UInt8(ascii: "_") ? 2 : 1
        } else if text.byte(next) == UInt8(ascii: ":") {
            let tick = index
            index = next
            next = roleEnd(before: nil) ?? next
            index = tick
        }
        // A target in angle brackets, of references and of roles.
        if text.byte(close - 1) == UInt8(ascii: ">"), next > close + 1 || start < open {
            var angle = close - 1
            while angle > index, text.byte(angle) != UInt8(ascii: "<") { angle -= 1 }
            if text.byte(angle) == UInt8(ascii: "<"), text.byte(angle - 1).isSpace, angle > index {
                shown = angle
                while shown > index, text.byte(shown - 1).isSpace { shown -= 1 }
            } else if text.byte(angle) == UInt8(ascii: "<"), angle == index {
                // Without a text the target is shown.
                index = angle + 1
                shown = close - 1
            }
        }
        try unescaped(index..<shown)
        (index, plain) = (next, next)
        return true
    }

    /// `` _`text` ``
    private mutating func target() throws(CancellationError) -> Bool {
        guard let close = try closing("`", from: index + 2) else { return false }
        try flush(to: index + 2)
        try unescaped(index..<close)
        (index, plain) = (close + 1, close + 1)
        return true
    }

    /// `|name|` shows the text it is defined as; without a definition it stays.
    private mutating func substitution() throws(CancellationError) -> Bool {
        guard opens(at: index, length: 1), let close = try closing("|", from: index + 1) else { return false }
        var next = close + 1
        while next - close <= 2, text.byte(next) == UInt8(ascii: "_") { next += 1 }
        let name = index + 1..<close
        guard name.count <= 256, let shown = substitutions[RSTLine.normalized(text.string(name))] else {
            index = next
            return true
        }
        let start = index
        try flush(to: next)
        result.append(shown, for: text.sourceRange(start..<next))
        return true
    }

    /// The underscore after a word or after `[1]` that makes it a reference.
    private mutating func reference() throws(CancellationError) -> Bool {
        let end = text.byte(index + 1) == UInt8(ascii: "_") ? index + 2 : index + 1
        guard index > plain, closes(at: index, length: end - index) else { return false }
        let before = text.byte(index - 1)
        let isWord = before.isAlphanumeric || before >= 0x80 || endsLabel(at: index - 1)
        guard isWord else { return false }
        try flush(to: end)
        return true
    }

    /// Whether the `]` at an index ends the label of a footnote or citation, `[1]` or `[cat]`.
    private func endsLabel(at index: Int) -> Bool {
        guard text.byte(index) == UInt8(ascii: "]") else { return false }
        var start = index - 1
        while start > plain, index - start < 256, text.byte(start) != UInt8(ascii: "["), !text.byte(start).isSpace {
            start -= 1
        }
        return start < index - 1 && text.byte(start) == UInt8(ascii: "[")
    }

    private mutating func unescaped(_ range: Range<Int>) throws(CancellationError) {
        (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            try text.poll.advance()
            if text.byte(index) == .backslash, index + 1 < range.upperBound { try escape() } else { index += 1 }
        }
        index = range.upperBound
        try flush(to: range.upperBound)
    }

    // MARK: Where markup begins and ends

    /// The index of the backtick after `:role:`.
    private func roleEnd() -> Int? { roleEnd(before: UInt8(ascii: "`")) }

    /// The index after `:role:`, which must be a backtick's where one is asked for.
    private func roleEnd(before tick: UInt8?) -> Int? {
        var end = index + 1
        while end - index < 64, text.byte(end).isAlphanumeric || "-_+.:".utf8.contains(text.byte(end)) { end += 1 }
        guard end > index + 2, text.byte(end - 1) == UInt8(ascii: ":") else { return nil }
        return tick == nil || text.byte(end) == tick ? end : nil
    }

    /// The first place from `start` where markup can end: after text, before a space or punctuation.
    private mutating func closing(_ mark: String, from start: Int) throws(CancellationError) -> Int? {
        if let known = known[mark], known.start <= start, known.found.map({ $0 > start }) ?? true { return known.found }
        let bytes = Array(mark.utf8)
        var index = start + 1
        var found: Int?
        while index + bytes.count <= text.count {
            try text.poll.advance()
            if text.byte(index) == bytes[0], text.bytes[index...].starts(with: bytes), closes(at: index, mark),
                mark == "``" || !isEscaped(index)
            {
                found = index
                break
            }
            index += 1
        }
        known[mark] = (start, found)
        return found
    }

    private func closes(at index: Int, _ mark: String) -> Bool {
        var length = mark.utf8.count
        // A reference's underscores belong to its end.
        if mark == "`" || mark == "|" {
            while length < 3, text.byte(index + length) == UInt8(ascii: "_") { length += 1 }
        }
        return closes(at: index, length: length)
    }

    private func isEscaped(_ index: Int) -> Bool {
        var start = index
        while start > 0, text.byte(start - 1) == .backslash { start -= 1 }
        return (index - start) % 2 == 1
    }

    private func opens(at index: Int, length: Int) -> Bool {
        let before = index > 0 ? text.byte(index - 1) : .space
        let after = text.byte(index + length)
        guard index + length < text.count, !after.isSpace else { return false }
        guard before.isSpace || "-:/'\"<([{".utf8.contains(before) || before >= 0x80 && isPunctuation(before: index)
        else {
            // An escaped space before markup has vanished.
            return index == plain && index > 0 && text.byte(index - 2) == .backslash
        }
        // Markup in quotes of its own is none.
        let pairs: [UInt8: UInt8] = [
            UInt8(ascii: "\""): UInt8(ascii: "\""), UInt8(ascii: "'"): UInt8(ascii: "'"),
            UInt8(ascii: "("): UInt8(ascii: ")"),
            UInt8(ascii: "["): UInt8(ascii: "]"), UInt8(ascii: "{"): UInt8(ascii: "}"),
            UInt8(ascii: "<"): UInt8(ascii: ">"),
        ]
        return pairs[before] != after
    }

    private func closes(at index: Int, length: Int) -> Bool {
        guard index > 0, !text.byte(index - 1).isSpace else { return false }
        let next = index + length
        let after = next < text.count ? text.byte(next) : .space
        return after.isSpace || "-.,:;!?\\/'\")]}>".utf8.contains(after) || after >= 0x80 && isPunctuation(at: next)
    }

    private func isPunctuation(before index: Int) -> Bool {
        var start = index - 1
        while start > 0, text.byte(start) & 0xC0 == 0x80 { start -= 1 }
        return isPunctuation(at: start)
    }

    private func isPunctuation(at index: Int) -> Bool {
        guard let scalar = text.string(index..<min(index + 4, text.count)).unicodeScalars.first else { return false }
        switch scalar.properties.generalCategory {
        case .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
            .otherPunctuation:
            return true
        default: return false
        }
    }
}
