/// Decodes base64 in the standard alphabet (RFC 4648, section 4); spaces, tabs and line breaks are passed over.
///
/// - Returns: the bytes, or the reason why the text is not base64.
func decodeBase64(_ text: UnsafeBufferPointer<UInt8>) -> Result<[UInt8], Base64Problem> {
    var problem: String?
    let bytes = [UInt8](unsafeUninitializedCapacity: text.count / 4 * 3 + 3) { out, initialized in
        problem = sixBitValues.withUnsafeBufferPointer {
            decodeBase64(text, values: $0, into: out, count: &initialized)
        }
    }
    if let problem { return .failure(Base64Problem(reason: problem)) }
    return .success(bytes)
}

/// Writes the bytes of `text` to `out` and returns what is wrong, if anything.
private func decodeBase64(
    _ text: UnsafeBufferPointer<UInt8>, values: UnsafeBufferPointer<UInt8>, into out: UnsafeMutableBufferPointer<UInt8>,
    count: inout Int
) -> String? {
    var quantum: UInt32 = 0
    var digits = 0
    var padding = 0
    for offset in text.indices {
        let value = values[Int(text[offset])]
        if value < 64 {
            guard padding == 0 else { return "data follows the padding at character \(offset)" }
            quantum = quantum << 6 | UInt32(value)
            digits += 1
            if digits == 4 {
                out[count] = UInt8(truncatingIfNeeded: quantum >> 16)
                out[count + 1] = UInt8(truncatingIfNeeded: quantum >> 8)
                out[count + 2] = UInt8(truncatingIfNeeded: quantum)
                count += 3
                (quantum, digits) = (0, 0)
            }
        } else if value == paddingMark {
            padding += 1
        } else if value != blankMark {
            return unexpected(text[offset], at: offset)
        }
    }
    switch (digits, padding) {
    case (0, 0):
        break
    case (2, 2):
        out[count] = UInt8(truncatingIfNeeded: quantum >> 4)
        count += 1
    case (3, 1):
        out[count] = UInt8(truncatingIfNeeded: quantum >> 10)
        out[count + 1] = UInt8(truncatingIfNeeded: quantum >> 2)
        count += 2
    default:
        return "its length is not a multiple of four with padding; it may be cut off"
    }
    return nil
}

private let paddingMark: UInt8 = 64
private let blankMark: UInt8 = 65
private let invalidMark: UInt8 = 66

/// The six bits of every character of the alphabet, and the marks of the others.
private let sixBitValues: [UInt8] = {
    var values = [UInt8](repeating: invalidMark, count: 256)
    let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (value, character) in alphabet.utf8.enumerated() { values[Int(character)] = UInt8(value) }
    for blank in " \t\r\n".unicodeScalars { values[Int(blank.value)] = blankMark }
    values[Int(UInt8(ascii: "="))] = paddingMark
    return values
}()

struct Base64Problem: Error, Equatable {
    let reason: String
}

private func unexpected(_ character: UInt8, at offset: Int) -> String {
    if character == UInt8(ascii: "-") || character == UInt8(ascii: "_") {
        return "\"\(Character(UnicodeScalar(character)))\" at character \(offset) belongs to the URL-safe alphabet; "
            + "use the standard one with + and /"
    }
    let shown = (0x21...0x7E).contains(character) ? "\"\(Character(UnicodeScalar(character)))\"" : "byte \(character)"
    return "\(shown) at character \(offset) is not in the base64 alphabet"
}
