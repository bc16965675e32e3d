import CharacterReferences

/// HTML's character references decoded as Python's `html.unescape` and ftfy's `unescape_html` decode them.
enum HTMLUnescaping {
    /// `html.unescape`: also names without semicolon that HTML allows; what is decoded is not looked at again.
    static func unescaped(_ text: AlignedText) -> AlignedText {
        replacing(in: text, by: reference)
    }

    /// `unescape_html`: only references that end with a semicolon, names in capitals too. An ampersand that is decoded
    /// may begin a reference again, as it does when ftfy's steps are repeated until nothing changes.
    static func repaired(_ text: AlignedText) -> AlignedText {
        replacing(in: text, repeatedly: true, by: closedReference)
    }

    /// Replaces each `&` with what follows by what `decode` makes of it.
    /// - Parameter decode: is given the text and the index after the `&`; returns the characters and the index after
    ///   the reference, nil where there is none.
    private static func replacing(
        in text: AlignedText, repeatedly: Bool = false, by decode: ([Unicode.Scalar], Int) -> (text: String, next: Int)?
    ) -> AlignedText {
        guard text.scalars.contains("&") else { return text }
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            guard text.scalars[index] == "&" else {
                result.append(text, index..<index + 1)
                index += 1
                continue
            }
            var decoded = "&"
            var next = index + 1
            while decoded.utf8.elementsEqual("&".utf8), let reference = decode(text.scalars, next) {
                (decoded, next) = reference
                if !repeatedly { break }
            }
            let source = text.sources[index].lowerBound..<text.sources[next - 1].upperBound
            for scalar in decoded.unicodeScalars { result.append(scalar, source: source) }
            index = next
        }
        return result
    }

    private static func reference(_ text: [Unicode.Scalar], at start: Int) -> (text: String, next: Int)? {
        // Long enough for every name; a number may have any number of digits.
        var window = Array("&".utf8)
        var end = start
        let isNumber = start < text.count && text[start] == "#"
        while end < text.count, isNumber || window.count < 40, text[end].isASCII, end == start || text[end] != "&" {
            let byte = UInt8(truncatingIfNeeded: text[end].value)
            window.append(byte)
            end += 1
            if byte == UInt8(ascii: ";") { break }
            if isNumber, end > start + 2, !isDigitOrLetter(byte) { break }
        }
        guard let found = CharacterReferences.decode(window, at: 0, end: window.count, context: .text) else {
            return nil
        }
        let next = start + found.next - 1
        guard isNumber, let scalar = found.text.unicodeScalars.first else { return (found.text, next) }
        return (isInvalid(scalar) ? "" : found.text, next)
    }

    /// `&#?[0-9A-Za-z]{1,24};`
    private static func closedReference(_ text: [Unicode.Scalar], at start: Int) -> (text: String, next: Int)? {
        var end = start
        if end < text.count, text[end] == "#" { end += 1 }
        let first = end
        while end < text.count, end - first < 24, text[end].isASCII,
            isDigitOrLetter(UInt8(truncatingIfNeeded: text[end].value))
        { end += 1 }
        guard end > first, end < text.count, text[end] == ";" else { return nil }
        if first > start {
            guard let found = reference(text, at: start), found.next == end + 1, !found.text.utf8.contains(0x3B) else {
                return nil
            }
            return found
        }
        let name = String(String.UnicodeScalarView(text[start..<end]))
        if let characters = CharacterReferences.characters[name] { return (characters, end + 1) }
        let lower = name.lowercased()
        guard name == name.uppercased(), let characters = CharacterReferences.characters[lower],
            reference(text, at: start) == nil
        else { return nil }
        return (characters.uppercased(), end + 1)
    }

    private static func isDigitOrLetter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    /// Numbers that Python decodes to nothing: control characters and noncharacters. Those from 128 to 159 are decoded.
    private static func isInvalid(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 1...8, 0xB, 0xE...0x1F, 0x7F, 0xFDD0...0xFDEF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }
}
