/// A text with the boundaries of the pieces that a model tokenizes one by one.
struct PreTokenizedText {
    var text: AlignedText
    /// Ascending, not empty, without overlap. What lies between them is dropped.
    var pieces: [Range<Int>]
}

/// The pre-tokenizers of a `tokenizer.json` that the families known here use, as in Hugging Face `tokenizers`.
indirect enum PreTokenizer: Sendable {
    /// What becomes of the separators that a split finds.
    enum SplitBehavior: String, Sendable {
        case removed = "Removed"
        case isolated = "Isolated"
        case mergedWithPrevious = "MergedWithPrevious"
        case mergedWithNext = "MergedWithNext"
        case contiguous = "Contiguous"
    }

    /// Which pieces get a leading "▁".
    enum PrependScheme: String, Sendable {
        case always, first, never
    }

    case sequence([PreTokenizer])
    case split(ScalarPattern, SplitBehavior, invert: Bool)
    /// Each byte of the text's UTF-8 becomes a printable character (GPT-2's table).
    case byteLevel(addPrefixSpace: Bool, splitWords: Bool)
    case metaspace(replacement: Unicode.Scalar, PrependScheme, split: Bool)
    /// Words between whitespace; each punctuation mark is a piece of its own.
    case bert

    func apply(to input: PreTokenizedText, checkpoint: Checkpoint) throws(CancellationError) -> PreTokenizedText {
        try checkpoint.pass()
        switch self {
        case .sequence(let steps):
            var result = input
            for step in steps { result = try step.apply(to: result, checkpoint: checkpoint) }
            return result
        case .split(let pattern, let behavior, let invert):
            var pieces: [Range<Int>] = []
            for piece in input.pieces {
                pieces += try Self.split(
                    input.text.scalars, piece, by: pattern, behavior: behavior, invert: invert, checkpoint: checkpoint)
            }
            return PreTokenizedText(text: input.text, pieces: pieces)
        case .byteLevel(let addPrefixSpace, let splitWords):
            var output = addPrefixSpace ? Self.prefixed(input, with: " ", where: { _ in true }) : input
            if splitWords {
                output = try PreTokenizer.split(.words(.gpt2), .isolated, invert: false)
                    .apply(to: output, checkpoint: checkpoint)
            }
            return ByteCharacters.encode(output)
        case .metaspace(let replacement, let scheme, let split):
            var output = input
            output.text = try Normalizer.replace(.literal([" "]), with: [replacement])
                .apply(to: input.text, checkpoint: checkpoint)
            if scheme != .never {
                output = Self.prefixed(output, with: replacement) { source in scheme == .always || source == 0 }
            }
            guard split else { return output }
            return try PreTokenizer.split(.literal([replacement]), .mergedWithNext, invert: false)
                .apply(to: output, checkpoint: checkpoint)
        case .bert:
            let whitespace = ScalarClass(items: [.whitespace])
            let words = PreTokenizer.split(.repeated(whitespace, 1...1), .removed, invert: false)
            let marks = PreTokenizer.split(.repeated(.anyPunctuation, 1...1), .isolated, invert: false)
            return try marks.apply(
                to: try words.apply(to: input, checkpoint: checkpoint), checkpoint: checkpoint)
        }
    }

    /// Puts a scalar before each piece that does not begin with it, where `condition` holds for the piece's place in
    /// the given text.
    private static func prefixed(
        _ input: PreTokenizedText, with prefix: Unicode.Scalar, where condition: (Int32) -> Bool
    ) -> PreTokenizedText {
        var output = PreTokenizedText(text: AlignedText(), pieces: [])
        for piece in input.pieces {
            let start = output.text.count
            let source = input.text.sources[piece.lowerBound].lowerBound
            if input.text.scalars[piece.lowerBound] != prefix, condition(source) {
                output.text.append(prefix, source: source..<source)
            }
            output.text.append(input.text, piece)
            output.pieces.append(start..<output.text.count)
        }
        return output
    }

    private static func split(
        _ scalars: [Unicode.Scalar], _ piece: Range<Int>, by pattern: ScalarPattern, behavior: SplitBehavior,
        invert: Bool, checkpoint: Checkpoint
    ) throws(CancellationError) -> [Range<Int>] {
        // A match may not see past the end of its piece.
        let whole = piece.lowerBound == 0 && piece.upperBound == scalars.count
        let view = whole ? scalars : Array(scalars[piece])
        var segments: [(range: Range<Int>, isSeparator: Bool)] = []
        var index = 0
        var pending = 0
        var steps = 0
        while index < view.count {
            steps += 1
            if steps % 4096 == 0 { try checkpoint.pass() }
            guard let end = pattern.match(in: view, at: index) else {
                index += 1
                continue
            }
            if pending < index { segments.append((pending..<index, invert)) }
            segments.append((index..<end, !invert))
            index = end
            pending = end
        }
        if pending < view.count { segments.append((pending..<view.count, invert)) }
        return merged(segments, behavior).map { $0.lowerBound + piece.lowerBound..<$0.upperBound + piece.lowerBound }
    }

    private static func merged(
        _ segments: [(range: Range<Int>, isSeparator: Bool)], _ behavior: SplitBehavior
    ) -> [Range<Int>] {
        var result: [Range<Int>] = []
        var previous: Bool?
        switch behavior {
        case .removed:
            return segments.filter { !$0.isSeparator }.map(\.range)
        case .isolated:
            return segments.map(\.range)
        case .contiguous:
            for segment in segments {
                if segment.isSeparator == previous, let last = result.popLast() {
                    result.append(last.lowerBound..<segment.range.upperBound)
                } else {
                    result.append(segment.range)
                }
                previous = segment.isSeparator
            }
            return result
        case .mergedWithPrevious:
            for segment in segments {
                if segment.isSeparator, previous != true, let last = result.popLast() {
                    result.append(last.lowerBound..<segment.range.upperBound)
                } else {
                    result.append(segment.range)
                }
                previous = segment.isSeparator
            }
            return result
        case .mergedWithNext:
            for segment in segments.reversed() {
                if segment.isSeparator, previous != true, let last = result.popLast() {
                    result.append(segment.range.lowerBound..<last.upperBound)
                } else {
                    result.append(segment.range)
                }
                previous = segment.isSeparator
            }
            return result.reversed()
        }
    }
}

/// GPT-2's printable stand-ins for bytes: printable Latin-1 characters are themselves, the others follow from U+0100
/// on.
enum ByteCharacters {
    static let characters: [Unicode.Scalar] = {
        var next: UInt16 = 0x100
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF:
                return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? " "
            }
        }
    }()

    static func encode(_ input: PreTokenizedText) -> PreTokenizedText {
        var output = PreTokenizedText(text: AlignedText(), pieces: [])
        output.text.reserveCapacity(input.text.count)
        output.pieces.reserveCapacity(input.pieces.count)
        for piece in input.pieces {
            let start = output.text.count
            for index in piece {
                for byte in UTF8.encode(input.text.scalars[index]) ?? UTF8.encodedReplacementCharacter {
                    output.text.append(characters[Int(byte)], source: input.text.sources[index])
                }
            }
            output.pieces.append(start..<output.text.count)
        }
        return output
    }
}
