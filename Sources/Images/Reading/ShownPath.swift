import ShownText
import SystemPackage

extension FilePath {
    /// The path as messages show it: bytes that are not UTF-8 as `\xE9`, control characters escaped.
    package var shown: String {
        if let text = String(validating: self) { return text.shown }
        return withPlatformString { start in
            var text = ""
            var rest = UnsafeBufferPointer(start: start, count: length).map { UInt8(bitPattern: $0) }[...]
            while let byte = rest.first {
                let width = byte < 0x80 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4
                if let character = String(validating: rest.prefix(width), as: UTF8.self) {
                    text += character
                    rest = rest.dropFirst(width)
                } else {
                    let digits = String(byte, radix: 16, uppercase: true)
                    text += "\\x" + (byte < 16 ? "0" : "") + digits
                    rest = rest.dropFirst()
                }
            }
            return text.shown
        }
    }
}
