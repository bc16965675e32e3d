import Foundation

/// LaTeX text as a reader sees it: formatting commands give their text, references and labels nothing.
struct LaTeXPlainText {
    let syntax: LaTeXSyntax
    private var source: Excerpt { syntax.source }

    init(syntax: LaTeXSyntax) { self.syntax = syntax }

    func text(_ range: Range<Int>) throws(CancellationError) -> MappedText {
        var result = MappedText()
        var (index, plain) = (range.lowerBound, range.lowerBound)
        func flush(to next: Int, replacement: String? = nil) throws(CancellationError) {
            if plain < index { try result.append(plain..<index, of: source) }
            if let replacement { result.append(replacement, for: source.sourceRange(index..<next)) }
            (index, plain) = (next, next)
        }
        while index < range.upperBound {
            try source.poll.advance()
            switch source.byte(index) {
            case UInt8(ascii: "%"):
                var end = min(try source.lineEnd(index), range.upperBound)
                while end < range.upperBound, source.byte(end).isSpace { end += 1 }
                try flush(to: end)
            case UInt8(ascii: "{"), UInt8(ascii: "}"), UInt8(ascii: "$"):
                try flush(to: index + 1)
            case UInt8(ascii: "~"):
                try flush(to: index + 1, replacement: isReferenceBeforePunctuation(at: index + 1) ? nil : " ")
            case .space where try isReferenceBeforePunctuation(at: index + 1):
                try flush(to: index + 1)
            case UInt8(ascii: "-") where source.has("---", at: index):
                try flush(to: index + 3, replacement: "—")
            case UInt8(ascii: "-") where source.has("--", at: index):
                try flush(to: index + 2, replacement: "–")
            case UInt8(ascii: "`"):
                let isDouble = source.has("``", at: index)
                try flush(to: index + (isDouble ? 2 : 1), replacement: isDouble ? "“" : "‘")
            case UInt8(ascii: "'") where source.has("''", at: index):
                try flush(to: index + 2, replacement: "”")
            case .backslash:
                let (replacement, next) = try command(at: index, end: range.upperBound)
                try flush(to: min(max(next, index + 1), range.upperBound), replacement: replacement)
            default:
                index += 1
            }
        }
        try flush(to: range.upperBound)
        return result
    }

    /// What a command shows in its place, and where the text goes on. Arguments that are shown are left to the caller.
    private func command(at index: Int, end: Int) throws(CancellationError) -> (String?, Int) {
        let range = LaTeXSyntax.commandName(source, at: index)
        let name = source.string(range.prefix(32))
        if let text = Self.characters[name] { return (text, afterCommand(range)) }
        if let mark = Self.accents[name], let (letter, next) = letter(after: range.upperBound, end: end) {
            return ((letter + mark).precomposedStringWithCanonicalMapping, next)
        }
        var arguments = LaTeXArguments(syntax: syntax, index: range.upperBound)
        arguments.star()
        if Self.hidden.contains(name) {
            while try arguments.optional() != nil {}
            _ = try arguments.required()
            return (nil, arguments.index)
        }
        _ = try arguments.optional()
        // The space after a command's name belongs to the command.
        return (nil, arguments.index > range.upperBound ? arguments.index : afterCommand(range))
    }

    /// Whether a reference stands here with punctuation after it. The space before goes with it: "asleep~\cite{x}."
    /// reads "asleep."
    private func isReferenceBeforePunctuation(at index: Int) throws(CancellationError) -> Bool {
        guard source.byte(index) == .backslash else { return false }
        let name = LaTeXSyntax.commandName(source, at: index)
        guard Self.references.contains(source.string(name.prefix(32))) else { return false }
        var arguments = LaTeXArguments(syntax: syntax, index: name.upperBound)
        while try arguments.optional() != nil {}
        _ = try arguments.required()
        return ".,;:!?".utf8.contains(source.byte(arguments.index))
    }

    private func afterCommand(_ name: Range<Int>) -> Int {
        var index = name.upperBound
        guard source.byte(name.lowerBound).isLetter else { return index }
        while source.byte(index).isSpace { index += 1 }
        if source.has("{}", at: index) { index += 2 }
        return index
    }

    /// The letter that an accent goes over: `e`, `{e}`, `\i`.
    private func letter(after start: Int, end: Int) -> (String, Int)? {
        var index = start
        while index < end, source.byte(index) == .space { index += 1 }
        let isBraced = source.byte(index) == UInt8(ascii: "{")
        if isBraced { index += 1 }
        if source.has("\\i", at: index) || source.has("\\j", at: index) { index += 1 }
        guard index < end, source.byte(index).isLetter else { return nil }
        let letter = source.string(index..<index + 1)
        index += 1
        if isBraced {
            guard source.byte(index) == UInt8(ascii: "}") else { return nil }
            index += 1
        }
        return (letter, index)
    }

    /// Commands whose first argument is not text of the caption.
    private static let hidden = references.union([
        "vspace", "hspace", "textcolor", "color", "href", "protect", "phantom", "fontsize",
    ])

    /// Commands that show nothing of the caption's text at all.
    private static let references: Set<String> = [
        "label", "ref", "eqref", "autoref", "cref", "Cref", "pageref", "cite", "citep", "citet", "parencite",
        "textcite", "autocite", "footcite",
        "footnote", "footnotemark", "index",
    ]

    private static let characters: [String: String] = [
        "%": "%", "&": "&", "_": "_", "#": "#", "$": "$", "{": "{", "}": "}", " ": " ", "\n": " ", "\\": " ", ",": " ",
        ";": " ", ":": " ", "!": "", "-": "", "/": "",
        "ss": "ß", "ae": "æ", "AE": "Æ", "oe": "œ", "OE": "Œ", "o": "ø", "O": "Ø", "aa": "å", "AA": "Å", "l": "ł",
        "L": "Ł", "i": "ı", "j": "ȷ",
        "dots": "…", "ldots": "…", "textellipsis": "…", "textbackslash": "\\", "textasciitilde": "~",
        "textasciicircum": "^", "textdegree": "°",
        "degree": "°", "times": "×", "cdot": "·", "pm": "±", "leq": "≤", "geq": "≥", "approx": "≈", "to": "→",
        "rightarrow": "→", "leftarrow": "←",
        "alpha": "α", "beta": "β", "gamma": "γ", "delta": "δ", "lambda": "λ", "mu": "µ", "pi": "π", "sigma": "σ",
        "copyright": "©", "S": "§",
        "quad": " ", "qquad": " ", "newline": " ", "par": " ", "LaTeX": "LaTeX", "TeX": "TeX", "textendash": "–",
        "textemdash": "—", "slash": "/",
    ]

    private static let accents: [String: String] = [
        "'": "\u{301}", "`": "\u{300}", "^": "\u{302}", "\"": "\u{308}", "~": "\u{303}", "=": "\u{304}", ".": "\u{307}",
        "u": "\u{306}", "v": "\u{30C}", "H": "\u{30B}", "c": "\u{327}", "k": "\u{328}", "r": "\u{30A}", "d": "\u{323}",
        "b": "\u{331}",
    ]
}
