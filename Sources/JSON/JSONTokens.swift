/// A token of a JSON text (RFC 8259, section 2), as far as it matters before the text is parsed.
enum JSONToken {
    case openArray, openObject, close, comma, colon
    case string(hasUnicodeEscapes: Bool)
    case number(isInteger: Bool)
    /// A run of letters: `true`, `false`, `null`, or a fault.
    case word
}

/// Calls `body` with each token and its range. The text need not be JSON: what is none of these tokens is passed over,
/// and a string without an end reaches to the end of the text. Complexity: O(`bytes.count`), without allocations.
@inline(__always)
func scanJSON(_ bytes: UnsafeRawBufferPointer, _ body: (JSONToken, Range<Int>) -> Void) {
    var index = 0
    while index < bytes.count {
        let start = index
        index += 1
        switch bytes[start] {
        case UInt8(ascii: "["): body(.openArray, start..<index)
        case UInt8(ascii: "{"): body(.openObject, start..<index)
        case UInt8(ascii: "]"), UInt8(ascii: "}"): body(.close, start..<index)
        case UInt8(ascii: ","): body(.comma, start..<index)
        case UInt8(ascii: ":"): body(.colon, start..<index)
        case UInt8(ascii: "\""):
            var hasUnicodeEscapes = false
            while index < bytes.count, bytes[index] != UInt8(ascii: "\"") {
                if bytes[index] == UInt8(ascii: "\\") {
                    index += 1
                    if index < bytes.count, bytes[index] == UInt8(ascii: "u") { hasUnicodeEscapes = true }
                }
                index += 1
            }
            index = min(index + 1, bytes.count)
            body(.string(hasUnicodeEscapes: hasUnicodeEscapes), start..<index)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            var isInteger = true
            scan: while index < bytes.count {
                switch bytes[index] {
                case UInt8(ascii: "0")...UInt8(ascii: "9"): break
                case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"):
                    isInteger = false
                default: break scan
                }
                index += 1
            }
            body(.number(isInteger: isInteger), start..<index)
        case UInt8(ascii: "a")...UInt8(ascii: "z"):
            while index < bytes.count, (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(bytes[index]) { index += 1 }
            body(.word, start..<index)
        default: break
        }
    }
}
