/// Character references of HTML: `&amp;`, `&copy`, `&#233;`, `&#x92;`.
package enum CharacterReferences {
    /// Where a reference stands, which decides what it may look like.
    package enum Context: Sendable {
        /// Text of HTML: old names need no semicolon (Living Standard, 13.2.5.72 and on).
        case text
        /// A value of an HTML attribute: an old name without semicolon counts unless `=`, a letter or a digit follows.
        case attribute
        /// Markdown: every reference ends with a semicolon, numbers are Unicode's (CommonMark 0.31, section 2.5).
        case markdown
    }

    /// The characters that each name stands for, without `&` and `;`.
    package static let characters: [String: String] = table.all

    /// The names that need no semicolon.
    package static let withoutSemicolon: Set<String> = table.old

    /// The reference that begins with the `&` at `start`, with the index after it; nil where there is none.
    package static func decode(
        _ bytes: [UInt8], at start: Int, end: Int, context: Context
    ) -> (text: String, next: Int)? {
        guard start + 1 < end else { return nil }
        return bytes[start + 1] == UInt8(ascii: "#")
            ? number(bytes, at: start + 2, end: end, context: context)
            : name(bytes, at: start + 1, end: end, context: context)
    }

    private static func number(
        _ bytes: [UInt8], at start: Int, end: Int, context: Context
    ) -> (text: String, next: Int)? {
        var index = start
        let isHexadecimal = index < end && bytes[index] | 0x20 == UInt8(ascii: "x")
        if isHexadecimal { index += 1 }
        let digits = index
        var code: UInt32 = 0
        while index < end, let digit = digit(bytes[index], isHexadecimal: isHexadecimal) {
            // Numbers beyond Unicode stay beyond it.
            code = min(code * (isHexadecimal ? 16 : 10) + digit, 0x110000)
            index += 1
        }
        guard index > digits else { return nil }
        let isEnded = index < end && bytes[index] == UInt8(ascii: ";")
        if context == .markdown, !isEnded || index - digits > (isHexadecimal ? 6 : 7) { return nil }
        if context != .markdown, (0x80...0x9F).contains(code) { code = windows1252[Int(code) - 0x80] }
        let scalar = code == 0 ? nil : Unicode.Scalar(code)
        return (String(scalar ?? "\u{FFFD}"), isEnded ? index + 1 : index)
    }

    private static func digit(_ byte: UInt8, isHexadecimal: Bool) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f") where isHexadecimal: UInt32(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F") where isHexadecimal: UInt32(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }

    private static func name(
        _ bytes: [UInt8], at start: Int, end: Int, context: Context
    ) -> (text: String, next: Int)? {
        var index = start
        while index < end, index - start <= longest, isAlphanumeric(bytes[index]) { index += 1 }
        if index < end, bytes[index] == UInt8(ascii: ";"),
            let text = characters[String(decoding: bytes[start..<index], as: UTF8.self)]
        {
            return (text, index + 1)
        }
        if context == .markdown { return nil }
        for length in stride(from: min(index - start, longestWithoutSemicolon), to: 1, by: -1) {
            let name = String(decoding: bytes[start..<start + length], as: UTF8.self)
            guard withoutSemicolon.contains(name), let text = characters[name] else { continue }
            let next = start + length
            if context == .attribute, next < end, isAlphanumeric(bytes[next]) || bytes[next] == UInt8(ascii: "=") {
                return nil
            }
            return (text, next < end && bytes[next] == UInt8(ascii: ";") ? next + 1 : next)
        }
        return nil
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static let longest = table.all.keys.reduce(0) { max($0, $1.utf8.count) }
    private static let longestWithoutSemicolon = table.old.reduce(0) { max($0, $1.utf8.count) }

    private static let table: (all: [String: String], old: Set<String>) = {
        var all: [String: String] = [:]
        var old: Set<String> = []
        for entry in CharacterReferenceNames.listing.split(separator: " ") {
            let parts = entry.split(separator: ":")
            var name = String(parts[0])
            if name.hasSuffix("*") {
                name.removeLast()
                old.insert(name)
            }
            let scalars = parts[1].split(separator: "+").compactMap {
                UInt32($0, radix: 16).flatMap(Unicode.Scalar.init)
            }
            all[name] = String(String.UnicodeScalarView(scalars))
        }
        return (all, old)
    }()

    /// What the numbers 128 to 159 stand for (Living Standard, "numeric character reference end state").
    private static let windows1252: [UInt32] = [
        0x20AC, 0x81, 0x201A, 0x192, 0x201E, 0x2026, 0x2020, 0x2021, 0x2C6, 0x2030, 0x160, 0x2039, 0x152, 0x8D, 0x17D,
        0x8F, 0x90, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014, 0x2DC, 0x2122, 0x161, 0x203A, 0x153, 0x9D,
        0x17E, 0x178,
    ]
}
