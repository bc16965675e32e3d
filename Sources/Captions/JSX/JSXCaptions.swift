/// `<img>` and `<Image>` in JavaScript with JSX: strings as attributes, strings in braces, and imported images.
/// Comments and strings of the code are passed over; computed values are not listed.
struct JSXCaptions {
    var source: Excerpt

    func captions() -> [FoundCaption] {
        let imports = JSXImports(source: source).paths()
        var result: [FoundCaption] = []
        var index = 0
        while index < source.count {
            let byte = source.byte(index)
            switch byte {
            case UInt8(ascii: "/") where source.byte(index + 1) == UInt8(ascii: "*"):
                index = source.find("*/", from: index + 2).map { $0 + 2 } ?? source.count
            // `//` after a colon is an address in text.
            case UInt8(ascii: "/")
            where source.byte(index + 1) == UInt8(ascii: "/") && source.byte(index - 1) != UInt8(ascii: ":"):
                index = source.bytes[index...].firstIndex(of: .newline) ?? source.count
            case UInt8(ascii: "`"):
                index += 1
            // An apostrophe within a word is text, not a string.
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                index =
                    source.byte(index - 1).isAlphanumeric
                    ? index + 1 : Braces.stringEnd(source, at: index, end: source.count)
            case UInt8(ascii: "<"):
                guard let tag = HTMLTag(source, at: index, end: source.count, braces: true),
                    tag.isNamed("img", in: source, caseInsensitive: false)
                        || tag.isNamed("Image", in: source, caseInsensitive: false)
                else {
                    index += 1
                    continue
                }
                if let caption = Self.caption(tag, at: index, in: source, imports: imports) { result.append(caption) }
                index = tag.end
            default:
                index += 1
            }
        }
        return result
    }

    static func caption(_ tag: HTMLTag, at open: Int, in source: Excerpt, imports: [String: String]) -> FoundCaption? {
        guard let image = tag.attribute("src", in: source), let alt = tag.attribute("alt", in: source),
            let caption = text(alt, in: source)
        else { return nil }
        let path = text(image, in: source)?.text ?? image.value.flatMap { imported($0, in: source, imports: imports) }
        guard let path else { return nil }
        return FoundCaption(
            image: ImageReference(uri: path), caption: caption.collapsed(), range: source.sourceRange(open..<tag.end))
    }

    /// `cat` and `cat.src` of an imported image.
    private static func imported(_ value: Range<Int>, in source: Excerpt, imports: [String: String]) -> String? {
        let name = source.string(source.trimmed(value))
        return imports[name.hasSuffix(".src") ? String(name.dropLast(4)) : name]
    }

    /// A value that is a string: entities are decoded in attributes, escapes in braces. Nil for anything computed.
    private static func text(_ attribute: HTMLTag.Attribute, in source: Excerpt) -> MappedText? {
        guard let value = attribute.value else { return nil }
        guard attribute.form == .braced else {
            return attribute.form == .quoted ? Entities.text(value, of: source) : nil
        }
        let literal = source.trimmed(value)
        guard literal.count >= 2,
            [UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`")].contains(source.byte(literal.lowerBound)),
            Braces.stringEnd(source, at: literal.lowerBound, end: literal.upperBound) == literal.upperBound,
            source.byte(literal.upperBound - 1) == source.byte(literal.lowerBound)
        else { return nil }
        let content = literal.lowerBound + 1..<literal.upperBound - 1
        if source.byte(literal.lowerBound) == UInt8(ascii: "`"),
            source.find("${", from: content.lowerBound, to: content.upperBound) != nil
        {
            return nil
        }
        return JSXStrings.text(content, of: source)
    }
}

/// Escapes of JavaScript's string literals.
enum JSXStrings {
    static func text(_ range: Range<Int>, of source: Excerpt) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            guard source.byte(index) == .backslash, index + 1 < range.upperBound else {
                index += 1
                continue
            }
            result.append(plain..<index, of: source)
            let (text, next) = escape(source, at: index, end: range.upperBound)
            result.append(text, for: source.sourceRange(index..<next))
            (index, plain) = (next, next)
        }
        result.append(plain..<range.upperBound, of: source)
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

/// `import cat from "./cat.png"` at the start of lines.
struct JSXImports {
    var source: Excerpt

    /// Paths by the local name.
    func paths() -> [String: String] {
        var result: [String: String] = [:]
        for line in source.lines() {
            let words = source.string(source.trimmed(line)).split(whereSeparator: { $0 == " " || $0 == "\t" })
            guard words.count >= 4, words[0] == "import", words[2] == "from", let quote = words[3].first,
                quote == "\"" || quote == "'"
            else { continue }
            let path = words[3].dropFirst().prefix { $0 != quote }
            result[String(words[1])] = String(path)
        }
        return result
    }
}
