extension String {
    /// The text made safe for XML and HTML content and attributes: the five special characters become
    /// references; control characters and those that reorder text become U+FFFD, line breaks become spaces.
    var escaped: String {
        var result = ""
        result.reserveCapacity(utf8.count)
        for scalar in unicodeScalars {
            switch scalar {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "'": result += "&#39;"
            case "\t", "\n", "\r": result += " "
            default:
                let forbidden = scalar.isControl || scalar.reordersText || scalar.value & 0xFFFE == 0xFFFE
                result.unicodeScalars.append(forbidden ? "\u{FFFD}" : scalar)
            }
        }
        return result
    }
}

extension Unicode.Scalar {
    /// Bidirectional embeddings, overrides and directed isolates. The neutral isolate (U+2068, U+2069) keeps its effect
    /// to itself and is used here around words.
    var reordersText: Bool { (0x202A...0x202E).contains(value) || value == 0x2066 || value == 0x2067 }

    /// C0 and C1 control characters and DEL.
    var isControl: Bool { value < 0x20 || (0x7F...0x9F).contains(value) }
}
