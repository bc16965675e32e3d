/// `.. figure::` with its caption paragraph, and `.. image::` with `:alt:` (also as substitution definitions), in
/// reStructuredText.
///
/// A figure's caption is the first paragraph of its body; without one, its `:alt:`. Literal blocks, code directives and
/// comments are passed over. (Docutils' "reStructuredText Directives", section Images.)
struct RSTCaptions {
    var source: Excerpt

    func captions() -> [FoundCaption] {
        let lines = source.lines()
        var result: [FoundCaption] = []
        var index = 0
        while index < lines.count {
            let line = lines[index]
            let indent = source.contentStart(line) - line.lowerBound
            if let directive = directive(line) {
                let end = blockEnd(lines, after: index, indent: indent)
                switch directive.name {
                case "image", "figure":
                    if let caption = image(lines, index..<end, directive: directive) { result.append(caption) }
                    index = end
                case "code", "code-block", "sourcecode", "literalinclude", "parsed-literal", "raw", "math", "highlight",
                    "":
                    index = end
                default:
                    // The body of any other directive is text like the rest.
                    index += 1
                }
            } else {
                let isLiteral = endsWithTwoColons(line)
                index = isLiteral ? blockEnd(lines, after: index, indent: indent) : index + 1
            }
        }
        return result
    }

    private struct Directive {
        /// Empty for a comment.
        var name: String
        var start: Int
        var argument: Range<Int>
    }

    /// `.. name:: argument`, also after `|substitution|`; a comment where `..` is followed by neither this, a target
    /// nor a footnote.
    private func directive(_ line: Range<Int>) -> Directive? {
        let start = source.contentStart(line)
        guard source.has("..", at: start), start + 2 == line.upperBound || source.byte(start + 2).isSpace,
            start + 2 <= line.upperBound
        else { return nil }
        var index = source.contentStart(start + 2..<line.upperBound)
        if source.byte(index) == UInt8(ascii: "|"), let close = source.find("| ", from: index + 1, to: line.upperBound)
        {
            index = source.contentStart(close + 1..<line.upperBound)
        }
        if source.byte(index) == UInt8(ascii: "_") || source.byte(index) == UInt8(ascii: "[") { return nil }
        var end = index
        while end < line.upperBound,
            source.byte(end).isAlphanumeric
                || [UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: ":"), UInt8(ascii: ".")]
                    .contains(source.byte(end))
        {
            if source.has("::", at: end), end > index {
                let name = source.string(index..<end).lowercased()
                return Directive(name: name, start: start, argument: source.trimmed(end + 2..<line.upperBound))
            }
            end += 1
        }
        return Directive(name: "", start: start, argument: line.upperBound..<line.upperBound)
    }

    /// The line after the block of lines indented deeper than `indent`.
    private func blockEnd(_ lines: [Range<Int>], after index: Int, indent: Int) -> Int {
        var end = index + 1
        var next = end
        while next < lines.count {
            if !source.isBlank(lines[next]) {
                guard source.contentStart(lines[next]) - lines[next].lowerBound > indent else { break }
                end = next + 1
            }
            next += 1
        }
        return end
    }

    private func endsWithTwoColons(_ line: Range<Int>) -> Bool {
        let text = source.trimmed(line)
        return text.count >= 2 && source.has("::", at: text.upperBound - 2)
    }

    private func image(_ lines: [Range<Int>], _ block: Range<Int>, directive: Directive) -> FoundCaption? {
        var alt: MappedText?
        var caption: MappedText?
        var inOptions = true
        var last = directive.argument.upperBound
        var path = source.string(directive.argument)
        var index = block.lowerBound + 1
        while index < block.upperBound {
            let text = source.trimmed(lines[index])
            if text.isEmpty {
                inOptions = false
                index += 1
                continue
            }
            if inOptions, let value = option(text) {
                let end = optionEnd(lines, index, block.upperBound)
                if value.name == "alt" { alt = paragraph(lines, index + 1..<end, first: value.value).collapsed() }
                last = source.trimmed(lines[end - 1]).upperBound
                index = end
                continue
            }
            if inOptions {
                // A path may go on over several lines; white space is dropped.
                path += source.string(text)
                last = text.upperBound
                index += 1
                continue
            }
            guard directive.name == "figure" else { break }
            var end = index
            while end < block.upperBound, !source.isBlank(lines[end]) { end += 1 }
            let body = paragraph(lines, index + 1..<end, first: text).collapsed()
            if !body.text.hasPrefix("..") { caption = body }
            last = source.trimmed(lines[end - 1]).upperBound
            break
        }
        guard let text = caption ?? alt else { return nil }
        return FoundCaption(
            image: ImageReference(uri: path.filter { !$0.isWhitespace }), caption: text, range: directive.start..<last)
    }

    private func option(_ text: Range<Int>) -> (name: String, value: Range<Int>)? {
        guard source.byte(text.lowerBound) == UInt8(ascii: ":"),
            let close = source.bytes[text.lowerBound + 1..<text.upperBound].firstIndex(of: UInt8(ascii: ":"))
        else { return nil }
        return (source.string(text.lowerBound + 1..<close).lowercased(), source.trimmed(close + 1..<text.upperBound))
    }

    /// An option's value goes on over lines that are neither blank nor options and indented deeper than the option.
    private func optionEnd(_ lines: [Range<Int>], _ index: Int, _ limit: Int) -> Int {
        let indent = source.contentStart(lines[index]) - lines[index].lowerBound
        var end = index + 1
        while end < limit, !source.isBlank(lines[end]), source.contentStart(lines[end]) - lines[end].lowerBound > indent
        { end += 1 }
        return end
    }

    private func paragraph(_ lines: [Range<Int>], _ rest: Range<Int>, first: Range<Int>) -> MappedText {
        var result = RSTPlainText(source: source).text(first)
        for line in rest {
            result.append(" ", for: lines[line].lowerBound..<source.contentStart(lines[line]))
            result.append(RSTPlainText(source: source).text(source.trimmed(lines[line])))
        }
        return result
    }
}

/// Inline markup of reStructuredText reduced to its text.
struct RSTPlainText {
    var source: Excerpt

    func text(_ range: Range<Int>) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        func flush(to next: Int) {
            if plain < index { result.append(plain..<index, of: source) }
            index = min(next, range.upperBound)
            plain = index
        }
        while index < range.upperBound {
            switch source.byte(index) {
            case .backslash:
                // A backslash hides the next character's meaning; before a space both vanish.
                let escapesSpace = source.byte(index + 1).isSpace
                flush(to: index + (escapesSpace ? 2 : 1))
                if !escapesSpace { index += 1 }
            case UInt8(ascii: "`") where source.has("``", at: index):
                guard let close = source.find("``", from: index + 2, to: range.upperBound) else {
                    return finished(result, plain..<range.upperBound)
                }
                flush(to: index + 2)
                result.append(plain..<close, of: source)
                (index, plain) = (close + 2, close + 2)
            case UInt8(ascii: "`"):
                guard let close = source.find("`", from: index + 1, to: range.upperBound) else {
                    return finished(result, plain..<range.upperBound)
                }
                if let role = roleStart(before: index, from: plain) { (plain, index) = (plain, role) }
                let open = source.bytes[index..<close].firstIndex(of: UInt8(ascii: "`")) ?? index
                flush(to: open + 1)
                let target = source.find(" <", from: plain, to: close) ?? close
                result.append(plain..<target, of: source)
                index = close + 1
                while source.byte(index) == UInt8(ascii: "_"), index < range.upperBound { index += 1 }
                plain = index
            case UInt8(ascii: "*"):
                let length = source.has("**", at: index) ? 2 : 1
                let isMarkup = isDelimiter(index..<index + length, in: range)
                if isMarkup { flush(to: index + length) } else { index += length }
            default:
                index += 1
            }
        }
        return finished(result, plain..<range.upperBound)
    }

    private func finished(_ text: MappedText, _ rest: Range<Int>) -> MappedText {
        var text = text
        if !rest.isEmpty { text.append(rest, of: source) }
        return text
    }

    /// The start of `:role:` right before a backtick.
    private func roleStart(before tick: Int, from start: Int) -> Int? {
        guard tick > start, source.byte(tick - 1) == UInt8(ascii: ":") else { return nil }
        var index = tick - 2
        while index >= start,
            source.byte(index).isAlphanumeric || source.byte(index) == UInt8(ascii: "-")
                || source.byte(index) == UInt8(ascii: ":")
        { index -= 1 }
        return index + 1 < tick - 1 && source.byte(index + 1) == UInt8(ascii: ":") ? index + 1 : nil
    }

    /// A star next to text on one side only is markup.
    private func isDelimiter(_ run: Range<Int>, in range: Range<Int>) -> Bool {
        let before = run.lowerBound > range.lowerBound ? source.byte(run.lowerBound - 1) : .space
        let after = run.upperBound < range.upperBound ? source.byte(run.upperBound) : .space
        func isOutside(_ byte: UInt8) -> Bool { byte.isSpace || byte.isPunctuation }
        return (isOutside(before) && !after.isSpace) || (isOutside(after) && !before.isSpace)
    }
}
