/// Percent-encoding, by which URIs carry any bytes (RFC 3986, section 2.1).
package enum PercentEncoding {
    /// The bytes that a text stands for.
    ///
    /// A `%` without two hexadecimal digits stands for itself, as browsers have it.
    /// - Parameter decodes: whether the escape of a byte is one; others stay as they are written.
    /// - Returns: the bytes, and whether every `%` began an escape.
    package static func decoded(
        _ text: some Sequence<UInt8>, where decodes: (UInt8) -> Bool = { _ in true }
    ) -> (bytes: [UInt8], isWellFormed: Bool) {
        let text = Array(text)
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count)
        var isWellFormed = true
        var index = 0
        while index < text.count {
            guard text[index] == UInt8(ascii: "%") else {
                bytes.append(text[index])
                index += 1
                continue
            }
            guard index + 2 < text.count, let high = digit(text[index + 1]), let low = digit(text[index + 2]) else {
                bytes.append(text[index])
                isWellFormed = false
                index += 1
                continue
            }
            if decodes(high << 4 | low) {
                bytes.append(high << 4 | low)
            } else {
                bytes += text[index...index + 2]
            }
            index += 3
        }
        return (bytes, isWellFormed)
    }

    /// A path as a URI carries it: all but slashes and the characters that need no escape (RFC 3986, section 2.3) is
    /// escaped.
    package static func encoded(path: some Sequence<UInt8>) -> String {
        path.reduce(into: "") { text, byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "-"), UInt8(ascii: "."),
                UInt8(ascii: "_"), UInt8(ascii: "~"):
                text.unicodeScalars.append(Unicode.Scalar(byte))
            default: text += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
            }
        }
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
