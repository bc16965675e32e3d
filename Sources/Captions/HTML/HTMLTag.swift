/// An opening tag with its attributes, as HTML and JSX write it.
struct HTMLTag {
    var name: Range<Int>
    var attributes: [Attribute] = []
    /// The index after `>`.
    var end: Int

    struct Attribute {
        var name: Range<Int>
        /// Between the quotes or braces; nil without a value.
        var value: Range<Int>?
        var form: Form
    }

    /// How a value is written.
    enum Form { case none, quoted, unquoted, braced }

    /// The tag that starts at `<`; nil where this is none. `braces` allows JSX's `{…}` as values and attributes.
    init?(_ excerpt: Excerpt, at start: Int, end limit: Int, braces: Bool) {
        var index = start + 1
        guard excerpt.byte(index).isLetter else { return nil }
        while index < limit, Self.isName(excerpt.byte(index)) { index += 1 }
        name = start + 1..<index
        end = index
        while true {
            while index < limit, excerpt.byte(index).isSpace || excerpt.byte(index) == UInt8(ascii: "/") { index += 1 }
            guard index < limit else { return nil }
            if excerpt.byte(index) == UInt8(ascii: ">") {
                end = index + 1
                return
            }
            guard let (attribute, next) = Self.attribute(excerpt, at: index, end: limit, braces: braces), next > index
            else { return nil }
            attributes.append(attribute)
            index = next
        }
    }

    /// The attribute's value by its name in lower case, unless it is empty or absent.
    func attribute(_ name: StaticString, in excerpt: Excerpt) -> Attribute? {
        attributes.first {
            $0.name.count == name.utf8CodeUnitCount && excerpt.has(name, at: $0.name.lowerBound, caseInsensitive: true)
        }
    }

    func isNamed(_ text: StaticString, in excerpt: Excerpt, caseInsensitive: Bool = true) -> Bool {
        name.count == text.utf8CodeUnitCount && excerpt.has(text, at: name.lowerBound, caseInsensitive: caseInsensitive)
    }

    private static func isName(_ byte: UInt8) -> Bool {
        byte.isAlphanumeric || byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":") || byte == UInt8(ascii: ".")
            || byte == UInt8(ascii: "_")
    }

    private static func attribute(_ excerpt: Excerpt, at start: Int, end limit: Int, braces: Bool) -> (Attribute, Int)?
    {
        var index = start
        if braces, excerpt.byte(index) == UInt8(ascii: "{") {
            guard let close = Braces.end(excerpt, at: index, end: limit) else { return nil }
            return (Attribute(name: index..<index, value: nil, form: .none), close)
        }
        // HTML allows nearly anything in an attribute's name; `<` is not, so that a stray `<` does not swallow a later
        // tag.
        while index < limit, !excerpt.byte(index).isSpace,
            ![
                UInt8(ascii: "="), UInt8(ascii: ">"), UInt8(ascii: "/"), UInt8(ascii: "<"), UInt8(ascii: "\""),
                UInt8(ascii: "'"),
            ].contains(excerpt.byte(index))
        {
            index += 1
        }
        guard index > start else { return nil }
        let name = start..<index
        var next = index
        while next < limit, excerpt.byte(next).isSpace { next += 1 }
        guard excerpt.byte(next) == UInt8(ascii: "="), next < limit else {
            return (Attribute(name: name, value: nil, form: .none), index)
        }
        next += 1
        while next < limit, excerpt.byte(next).isSpace { next += 1 }
        guard next < limit else { return nil }
        let quote = excerpt.byte(next)
        if quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'") {
            guard let close = excerpt.bytes[next + 1..<limit].firstIndex(of: quote) else { return nil }
            return (Attribute(name: name, value: next + 1..<close, form: .quoted), close + 1)
        }
        if braces, quote == UInt8(ascii: "{") {
            guard let close = Braces.end(excerpt, at: next, end: limit) else { return nil }
            return (Attribute(name: name, value: next + 1..<close - 1, form: .braced), close)
        }
        let value = next
        while next < limit, !excerpt.byte(next).isSpace, excerpt.byte(next) != UInt8(ascii: ">"),
            excerpt.byte(next) != UInt8(ascii: "<")
        { next += 1 }
        return (Attribute(name: name, value: value..<next, form: .unquoted), next)
    }
}

/// JavaScript between braces.
enum Braces {
    /// The index after the brace that closes the one at `start`; strings and comments inside are passed over.
    /// Nil beyond 64 braces deep, so that unbalanced text stays linear.
    static func end(_ excerpt: Excerpt, at start: Int, end limit: Int) -> Int? {
        var depth = 0
        var index = start
        while index < limit {
            let byte = excerpt.byte(index)
            switch byte {
            case UInt8(ascii: "{"):
                depth += 1
                if depth > 64 { return nil }
            case UInt8(ascii: "}"):
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "`"):
                index = stringEnd(excerpt, at: index, end: limit) - 1
            case UInt8(ascii: "/") where excerpt.byte(index + 1) == UInt8(ascii: "*"):
                guard let close = excerpt.find("*/", from: index + 2, to: limit) else { return nil }
                index = close + 1
            default: break
            }
            index += 1
        }
        return nil
    }

    /// The index after a string literal; one in `'` or `"` ends with its line at the latest.
    static func stringEnd(_ excerpt: Excerpt, at start: Int, end limit: Int) -> Int {
        let quote = excerpt.byte(start)
        var index = start + 1
        while index < limit {
            let byte = excerpt.byte(index)
            if byte == quote { return index + 1 }
            if byte == .newline, quote != UInt8(ascii: "`") { return index }
            index += byte == .backslash ? 2 : 1
        }
        return limit
    }
}
