/// Character references of HTML and Markdown: `&amp;`, `&#233;`, `&#xE9;`.
enum Entities {
    /// The reference that starts at `&`, with the index after its `;`; nil where there is none.
    static func decode(_ excerpt: Excerpt, at start: Int, end: Int) -> (text: String, next: Int)? {
        var index = start + 1
        if excerpt.byte(index) == UInt8(ascii: "#") {
            index += 1
            let isHex = excerpt.byte(index).lowercased == UInt8(ascii: "x")
            if isHex { index += 1 }
            let digits = index
            while index < end, index - digits < 8, isHex ? excerpt.byte(index).isHexDigit : excerpt.byte(index).isDigit
            { index += 1 }
            guard index > digits, index < end, excerpt.byte(index) == UInt8(ascii: ";") else { return nil }
            let code = UInt32(excerpt.string(digits..<index), radix: isHex ? 16 : 10) ?? 0
            return (String(scalar(code)), index + 1)
        }
        let name = index
        while index < end, index - name < 32, excerpt.byte(index).isAlphanumeric { index += 1 }
        guard index < end, excerpt.byte(index) == UInt8(ascii: ";"),
            let scalar = EntityTable.scalars[excerpt.string(name..<index)]
        else { return nil }
        return (String(scalar), index + 1)
    }

    /// Numbers that name no character stand for U+FFFD (HTML Living Standard, "numeric character reference end state").
    private static func scalar(_ code: UInt32) -> Character {
        guard code != 0, let scalar = Unicode.Scalar(code) else { return "\u{FFFD}" }
        return Character(scalar)
    }

    /// A stretch of text with its references decoded.
    static func text(_ range: Range<Int>, of excerpt: Excerpt) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        while index < range.upperBound {
            if excerpt.byte(index) == UInt8(ascii: "&"),
                let (text, next) = decode(excerpt, at: index, end: range.upperBound)
            {
                result.append(plain..<index, of: excerpt)
                result.append(text, for: excerpt.sourceRange(index..<next))
                (index, plain) = (next, next)
            } else {
                index += 1
            }
        }
        result.append(plain..<range.upperBound, of: excerpt)
        return result
    }
}

extension UInt8 {
    var isHexDigit: Bool { isDigit || (0x41...0x46).contains(self) || (0x61...0x66).contains(self) }
}
