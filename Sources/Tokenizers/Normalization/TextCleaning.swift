/// What is done to a text before it is tokenized, beyond what the tokenizer's own files ask for.
package enum TextCleaning: Sendable {
    case none
    /// open_clip's `lower`, its CLIP tokenizer's: text repaired, HTML entities decoded, whitespace runs to one space,
    /// lower case.
    case lower
    /// open_clip's `whitespace`: as `lower`, with the case kept.
    case whitespace
    /// open_clip's `canonicalize`: text repaired, HTML entities decoded, `_` to a space, no other ASCII punctuation,
    /// lower case, whitespace runs to one space.
    case canonicalize

    /// The cleaned text, as `get_clean_fn` of open_clip's tokenizer.py gives it.
    package func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        if self == .none { return text }
        var result = try TextRepair.fixed(text, checkpoint: checkpoint)
        for _ in 0..<2 {
            try checkpoint.pass()
            result = HTMLUnescaping.unescaped(result)
        }
        if self == .canonicalize {
            let punctuation = Normalizer.sequence([
                .replace(.literal(["_"]), with: [" "]), .replace(.repeated(.asciiPunctuation, 1...Int.max), with: []),
            ])
            result = try PythonText.lowercased(
                try punctuation.apply(to: result, checkpoint: checkpoint), checkpoint: checkpoint)
        }
        result = try PythonText.withSingleSpaces(result, checkpoint: checkpoint)
        return self == .lower ? try PythonText.lowercased(result, checkpoint: checkpoint) : result
    }
}

/// The steps of `ftfy.fix_text` (ftfy 6.3, https://ftfy.readthedocs.io) with its default settings, apart from
/// `fix_encoding`: text that was decoded by a wrong encoding stays as it is.
enum TextRepair {
    static func fixed(_ text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        guard text.scalars.contains(where: mayChange) else { return text }
        var result = AlignedText()
        result.reserveCapacity(text.count)
        // Each line is repaired by itself; from the first one with a "<" on, text is taken for HTML whose entities are
        // meant.
        var unescapes = true
        var start = 0
        while start < text.count {
            try checkpoint.pass()
            let end = text.scalars[start...].firstIndex(of: "\n").map { $0 + 1 } ?? text.count
            if text.scalars[start..<end].contains("<") { unescapes = false }
            let line = try fixedLine(text[start..<end], unescapes: unescapes, checkpoint: checkpoint)
            result.append(line, 0..<line.count)
            start = end
        }
        return result
    }

    private static func fixedLine(
        _ line: AlignedText, unescapes: Bool, checkpoint: Checkpoint
    ) throws(CancellationError) -> AlignedText {
        var line = line
        while line.scalars.contains(where: mayChange) {
            let before = line.scalars
            if unescapes { line = HTMLUnescaping.repaired(line) }
            line = line.mapped { scalar, emit in
                for fixed in replacement(of: scalar) ?? [scalar] { emit(fixed) }
            }
            line = withPlainLineBreaks(line)
            line = withoutTerminalEscapes(line)
            line = line.mapped { scalar, emit in if !isUnwantedControl(scalar) { emit(scalar) } }
            line = try NormalizationForm.nfc.apply(to: line, checkpoint: checkpoint)
            if line.scalars == before { break }
        }
        return line
    }

    /// False for most of ASCII, which no step changes.
    private static func mayChange(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.isASCII || scalar == "&" || (scalar.value < 0x20 && scalar != "\n" && scalar != "\t")
            || scalar.value == 0x7F
    }

    /// `fix_c1_controls`, `fix_latin_ligatures`, `fix_character_width` and `uncurl_quotes`, in this order; nil where
    /// nothing changes.
    private static func replacement(of scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch scalar.value {
        case 0x80...0x9F: windows1252[Int(scalar.value) - 0x80].flatMap { replacement(of: $0) ?? [$0] }
        case 0x132...0x149, 0x1C4...0x1F3, 0xFB00...0xFB06:
            ligatures[scalar].map { $0.flatMap { straightQuote($0) ?? [$0] } }
        case 0x3000, 0xFF01...0xFFEF: widths[scalar]
        default: straightQuote(scalar)
        }
    }

    private static func straightQuote(_ scalar: Unicode.Scalar) -> [Unicode.Scalar]? {
        switch scalar.value {
        case 0x2BC, 0x2018...0x201B: ["'"]
        case 0x201C...0x201F: ["\""]
        default: nil
        }
    }

    private static let ligatures: [Unicode.Scalar: [Unicode.Scalar]] = [
        "Ĳ": "IJ", "ĳ": "ij", "ŉ": "ʼn", "Ǳ": "DZ", "ǲ": "Dz", "ǳ": "dz", "Ǆ": "DŽ", "ǅ": "Dž", "ǆ": "dž", "Ǉ": "LJ",
        "ǈ": "Lj", "ǉ": "lj", "Ǌ": "NJ", "ǋ": "Nj", "ǌ": "nj", "\u{FB00}": "ff", "\u{FB01}": "fi", "\u{FB02}": "fl",
        "\u{FB03}": "ffi", "\u{FB04}": "ffl", "\u{FB05}": "ſt", "\u{FB06}": "st",
    ].mapValues { (letters: String) in Array(letters.unicodeScalars) }

    /// Full-width and half-width forms and the ideographic space, as NFKC has them.
    private static let widths: [Unicode.Scalar: [Unicode.Scalar]] = {
        var widths: [Unicode.Scalar: [Unicode.Scalar]] = ["\u{3000}": [" "]]
        for scalar in (0xFF01...0xFFEF).compactMap(Unicode.Scalar.init as (UInt32) -> Unicode.Scalar?) {
            let plain = Checkpoint.uncancelled { checkpoint throws(CancellationError) in
                try NormalizationForm.nfkc.apply(to: AlignedText([scalar][...]), checkpoint: checkpoint)
            }
            if plain.scalars != [scalar] { widths[scalar] = plain.scalars }
        }
        return widths
    }()

    /// What the bytes 80 to 9F are in windows-1252; nil for the five that are nothing there.
    private static let windows1252: [Unicode.Scalar?] = [
        "€", nil, "‚", "ƒ", "„", "…", "†", "‡", "ˆ", "‰", "Š", "‹", "Œ", nil, "Ž", nil, nil, "‘", "’", "“", "”", "•",
        "–",
        "—", "˜", "™", "š", "›", "œ", nil, "ž", "Ÿ",
    ]

    /// `fix_line_breaks`
    private static func withPlainLineBreaks(_ text: AlignedText) -> AlignedText {
        guard text.scalars.contains(where: { "\r\u{2028}\u{2029}\u{85}".unicodeScalars.contains($0) }) else {
            return text
        }
        var result = AlignedText()
        var index = 0
        while index < text.count {
            let scalar = text.scalars[index]
            let isPair = scalar == "\r" && index + 1 < text.count && text.scalars[index + 1] == "\n"
            let end = index + (isPair ? 2 : 1)
            if ["\r", "\u{2028}", "\u{2029}", "\u{85}"].contains(scalar) {
                result.append("\n", source: text.sources[index].lowerBound..<text.sources[end - 1].upperBound)
            } else {
                result.append(text, index..<end)
            }
            index = end
        }
        return result
    }

    /// `remove_terminal_escapes`: `ESC [`, digits and semicolons, a letter.
    private static func withoutTerminalEscapes(_ text: AlignedText) -> AlignedText {
        guard text.scalars.contains("\u{1B}") else { return text }
        var result = AlignedText()
        var index = 0
        while index < text.count {
            if text.scalars[index] == "\u{1B}", index + 1 < text.count, text.scalars[index + 1] == "[" {
                var end = index + 2
                while end < text.count,
                    text.scalars[end] == ";" || text.scalars[end].properties.generalCategory == .decimalNumber
                { end += 1 }
                if end < text.count, text.scalars[end].isASCII, text.scalars[end].isLetter {
                    index = end + 1
                    continue
                }
            }
            result.append(text, index..<index + 1)
            index += 1
        }
        return result
    }

    /// `remove_control_chars`
    private static func isUnwantedControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...8, 0xB, 0xE...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }
}
