// ShownText: what people are shown, texts that somebody else wrote and numbers.

/// Texts that somebody else wrote, as messages, logs and terminals show them: what could forge a line, steer a terminal
/// or pass for another text is escaped as Swift writes it, `\n` or `\u{1B}`.
extension String {
    /// With control characters and what turns the direction of text around as escapes, so that a caption or a file's
    /// name can neither steer a terminal nor pass for a line of its own.
    /// - Parameter inLines: whether line ends and tabs stay.
    package func printable(inLines: Bool = false) -> String {
        escaped { scalar in
            if inLines, scalar == "\n" || scalar == "\t" { return false }
            if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
            return scalar.properties.isBidiControl || scalar.breaksLines
        }
    }

    /// The text within a message: escaped, and of more than 400 code points the middle left out.
    package var shown: String {
        shortened(beyond: 400, to: (200, 200), ellipsis: "…").escaped { scalar in
            // A joiner is a part of many emoji and scripts.
            scalar.breaksLines || scalar.properties.generalCategory == .format && !scalar.isJoiner
        }
    }

    /// A name within a message, in quotation marks: at most 120 code points of it, with what would join with the text
    /// before it as an escape, too.
    package var quotedName: String {
        let name = shortened(beyond: 120, to: (80, 39), ellipsis: "…").escaped { scalar in
            switch scalar.properties.generalCategory {
            case .format, .nonspacingMark, .enclosingMark, .spacingMark, .privateUse, .unassigned: true
            default: scalar.breaksLines
            }
        }
        return "\"\(name)\""
    }

    /// What a message repeats of another message: all of it, or, beyond 1,000 code points, its beginning and its end.
    package var excerpt: String {
        utf8.count > 1000 ? shortened(beyond: 1000, to: (600, 300), ellipsis: " … ") : self
    }

    /// Counts code points, as a character may have any number of combining marks.
    private func shortened(beyond limit: Int, to kept: (Int, Int), ellipsis: String) -> String {
        let scalars = unicodeScalars
        guard scalars.count > limit else { return self }
        return String(scalars.prefix(kept.0)) + ellipsis + String(scalars.suffix(kept.1))
    }

    private func escaped(where isHarmful: (Unicode.Scalar) -> Bool) -> String {
        guard unicodeScalars.contains(where: isHarmful) else { return self }
        var text = String.UnicodeScalarView()
        for scalar in unicodeScalars {
            if isHarmful(scalar) {
                text.append(contentsOf: scalar.escape.unicodeScalars)
            } else {
                text.append(scalar)
            }
        }
        return String(text)
    }
}

extension Unicode.Scalar {
    fileprivate var breaksLines: Bool {
        switch properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator, .surrogate: true
        default: false
        }
    }

    fileprivate var escape: String {
        switch self {
        case "\n": "\\n"
        case "\t": "\\t"
        case "\r": "\\r"
        default: "\\u{\(String(value, radix: 16, uppercase: true))}"
        }
    }

    fileprivate var isJoiner: Bool { self == "\u{200C}" || self == "\u{200D}" }
}
