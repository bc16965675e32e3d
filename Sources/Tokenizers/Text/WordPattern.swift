/// The fixed regular expressions by which byte-level BPE tokenizers split a text into words, as scanners.
enum WordPattern: Sendable, CaseIterable {
    /// CLIP's, as OpenAI wrote it.
    case clip
    /// CLIP's without the special tokens, as `tokenizer.json` files hold it.
    case clipWithoutSpecialTokens
    /// GPT-2's, which the `ByteLevel` pre-tokenizer applies.
    case gpt2

    /// The regular expressions that this scanner stands for.
    var sources: [String] {
        let clip = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
        switch self {
        case .clip: return [#"<\|startoftext\|>|<\|endoftext\|>|"# + clip]
        case .clipWithoutSpecialTokens: return [clip, #"'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+"#]
        case .gpt2: return [#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#]
        }
    }

    /// The end of the match that begins at `start`; nil where nothing matches there.
    func match(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        if self == .clip, scalars[start] == "<" {
            for token in Self.specialTokens where scalars[start...].starts(with: token) { return start + token.count }
        }
        if scalars[start] == "'", let end = Self.contraction(in: scalars, at: start) { return end }
        return self == .gpt2 ? Self.gpt2Word(in: scalars, at: start) : Self.clipWord(in: scalars, at: start)
    }

    private static let specialTokens = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

    /// `'s|'t|'re|'ve|'m|'ll|'d`
    private static func contraction(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        guard start + 1 < scalars.count else { return nil }
        switch scalars[start + 1] {
        case "s", "t", "m", "d": return start + 2
        case "r", "v": return start + 2 < scalars.count && scalars[start + 2] == "e" ? start + 3 : nil
        case "l": return start + 2 < scalars.count && scalars[start + 2] == "l" ? start + 3 : nil
        default: return nil
        }
    }

    /// `[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`
    private static func clipWord(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        switch Kind(scalars[start]) {
        case .space: nil
        case .number: start + 1
        case let kind: run(of: kind, in: scalars, from: start)
        }
    }

    /// ` ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`
    private static func gpt2Word(in scalars: [Unicode.Scalar], at start: Int) -> Int? {
        let kind = Kind(scalars[start])
        if kind != .space { return run(of: kind, in: scalars, from: start) }
        if scalars[start] == " ", start + 1 < scalars.count {
            let next = Kind(scalars[start + 1])
            if next != .space { return run(of: next, in: scalars, from: start + 1) }
        }
        let end = run(of: .space, in: scalars, from: start)
        // The last space before a word is left to the word, unless it is the only one.
        return end == scalars.count || end - start == 1 ? end : end - 1
    }

    private static func run(of kind: Kind, in scalars: [Unicode.Scalar], from start: Int) -> Int {
        var end = start
        while end < scalars.count, Kind(scalars[end]) == kind { end += 1 }
        return end
    }

    private enum Kind {
        case letter, number, space, other

        init(_ scalar: Unicode.Scalar) {
            if scalar.isLetter {
                self = .letter
            } else if scalar.isNumber {
                self = .number
            } else if scalar.properties.isWhitespace {
                self = .space
            } else {
                self = .other
            }
        }
    }
}
