import SystemPackage

extension String {
    /// The text as messages and logs show it: control characters, line breaks among them, are escaped, so that a name
    /// cannot forge a line; of a long text the middle is left out.
    package var shown: String {
        let limit = 400
        var shown = String.UnicodeScalarView()
        let scalars = unicodeScalars
        let excess = scalars.count - limit
        for (index, scalar) in scalars.enumerated() {
            if excess > 0, index >= limit / 2, index < limit / 2 + excess {
                if index == limit / 2 { shown.append("…") }
                continue
            }
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate:
                // A joiner is a part of many emoji and scripts.
                if scalar == "\u{200c}" || scalar == "\u{200d}" {
                    shown.append(scalar)
                } else {
                    shown.append(contentsOf: scalar.escaped(asASCII: true).unicodeScalars)
                }
            default: shown.append(scalar)
            }
        }
        return String(shown)
    }
}

extension FilePath {
    /// The path as messages show it: bytes that are no UTF-8 as `\xE9`, control characters escaped.
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
