/// Decodes base64 in the standard alphabet (RFC 4648, section 4); spaces, tabs and line breaks are passed over.
///
/// - Returns: the bytes, or the reason why the text is no base64.
func decodeBase64(_ text: some Collection<UInt8>) -> Result<[UInt8], Base64Problem> {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var quantum: UInt32 = 0
    var digits = 0, padding = 0
    for (offset, character) in text.enumerated() {
        let value: UInt8
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): value = character - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): value = character - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): value = character + 4
        case UInt8(ascii: "+"): value = 62
        case UInt8(ascii: "/"): value = 63
        case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): continue
        case UInt8(ascii: "="):
            padding += 1
            continue
        default: return .failure(Base64Problem(reason: unexpected(character, at: offset)))
        }
        guard padding == 0 else { return .failure(Base64Problem(reason: "data follows the padding at character \(offset)")) }
        quantum = quantum << 6 | UInt32(value)
        digits += 1
        if digits == 4 {
            bytes.append(UInt8(truncatingIfNeeded: quantum >> 16))
            bytes.append(UInt8(truncatingIfNeeded: quantum >> 8))
            bytes.append(UInt8(truncatingIfNeeded: quantum))
            (quantum, digits) = (0, 0)
        }
    }
    switch (digits, padding) {
    case (0, 0): break
    case (2, 2): bytes.append(UInt8(truncatingIfNeeded: quantum >> 4))
    case (3, 1):
        bytes.append(UInt8(truncatingIfNeeded: quantum >> 10))
        bytes.append(UInt8(truncatingIfNeeded: quantum >> 2))
    default:
        return .failure(Base64Problem(reason: "its length is no multiple of four with padding; it may be cut off"))
    }
    return .success(bytes)
}

struct Base64Problem: Error, Equatable {
    let reason: String
}

private func unexpected(_ character: UInt8, at offset: Int) -> String {
    if character == UInt8(ascii: "-") || character == UInt8(ascii: "_") {
        return "\"\(Character(UnicodeScalar(character)))\" at character \(offset) belongs to the URL-safe alphabet; use the standard one with + and /"
    }
    let shown = (0x21...0x7E).contains(character) ? "\"\(Character(UnicodeScalar(character)))\"" : "byte \(character)"
    return "\(shown) at character \(offset) is not in the base64 alphabet"
}

/// Undoes percent-encoding (RFC 3986, section 2.1); nil where a `%` is not followed by two hexadecimal digits.
func percentDecoded(_ text: some Sequence<UInt8>) -> [UInt8]? {
    var bytes: [UInt8] = []
    var pending: [UInt8] = []
    var escaped = false
    for character in text {
        if escaped {
            pending.append(character)
            guard let digit = Character(UnicodeScalar(character)).hexDigitValue, character < 0x80, digit < 16 else { return nil }
            if pending.count == 2 {
                let values = pending.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
                bytes.append(UInt8(values[0] << 4 | values[1]))
                pending = []
                escaped = false
            }
        } else if character == UInt8(ascii: "%") {
            escaped = true
        } else {
            bytes.append(character)
        }
    }
    return escaped ? nil : bytes
}
