import CharacterReferences

/// Text as a reader sees it, each scalar with the range of the document (in bytes) that it comes from.
struct MappedText {
    private struct Character {
        var scalar: Unicode.Scalar
        var source: Range<Int>
        /// Whether the document shows the scalar itself; white space counts as itself.
        var isVerbatim: Bool
    }

    private var characters: [Character] = []

    struct Run {
        /// Offsets in scalars of the text.
        var start: Int
        var end: Int
        /// Bytes of the document.
        var source: Range<Int>
    }

    init() {}

    /// A stretch of HTML with its character references decoded.
    init(
        decoding range: Range<Int>, of excerpt: Excerpt, context: CharacterReferences.Context
    ) throws(CancellationError) {
        try appendDecoded(range, of: excerpt, context: context)
    }

    var isEmpty: Bool { characters.isEmpty }
    /// Whether there is nothing but white space.
    var isBlank: Bool { characters.allSatisfy { $0.scalar == " " } }
    var text: String {
        var text = String.UnicodeScalarView()
        for character in characters { text.append(character.scalar) }
        return String(text)
    }

    /// From the first to the last byte that the text shows.
    var sourceRange: Range<Int> {
        guard var range = characters.first?.source else { return 0..<0 }
        for character in characters {
            range =
                min(range.lowerBound, character.source.lowerBound)..<max(range.upperBound, character.source.upperBound)
        }
        return range
    }

    /// Appends a stretch of an excerpt as it is; line ends become spaces.
    mutating func append(_ range: Range<Int>, of excerpt: Excerpt) throws(CancellationError) {
        var index = range.lowerBound
        for scalar in excerpt.string(range).unicodeScalars {
            let end = min(index + UTF8.width(scalar), range.upperBound)
            append(scalar, for: excerpt.sourceRange(index..<end), isVerbatim: true)
            index = end
            try excerpt.poll.advance()
        }
    }

    /// Appends a stretch of HTML with its character references decoded.
    mutating func appendDecoded(
        _ range: Range<Int>, of excerpt: Excerpt, context: CharacterReferences.Context
    ) throws(CancellationError) {
        var plain = range.lowerBound
        var index = plain
        while let reference = try excerpt.find(UInt8(ascii: "&"), from: index, to: range.upperBound) {
            index = reference + 1
            guard
                let (text, next) = CharacterReferences.decode(
                    excerpt.bytes, at: reference, end: range.upperBound, context: context)
            else { continue }
            try append(plain..<reference, of: excerpt)
            append(text, for: excerpt.sourceRange(reference..<next))
            (index, plain) = (next, next)
        }
        try append(plain..<range.upperBound, of: excerpt)
    }

    private mutating func append(_ scalar: Unicode.Scalar, for source: Range<Int>, isVerbatim: Bool) {
        let isSpace = scalar.isASCII ? UInt8(scalar.value).isSpace : scalar.properties.isWhitespace
        let shown = isSpace ? " " : scalar
        let isVerbatim = source.count == UTF8.width(shown) && (isVerbatim || source.count == 1)
        characters.append(Character(scalar: shown, source: source, isVerbatim: isVerbatim))
    }

    /// Appends text that stands for a stretch of the document.
    mutating func append(_ text: String, for source: Range<Int>) {
        for scalar in text.unicodeScalars { append(scalar, for: source, isVerbatim: false) }
    }

    mutating func append(_ other: MappedText) { characters += other.characters }

    /// The text with white space at its ends removed and each stretch of white space inside made one space.
    func collapsed(_ poll: CancellationPoll) throws(CancellationError) -> MappedText {
        var result = MappedText()
        for character in characters {
            try poll.advance()
            guard character.scalar == " " else {
                result.characters.append(character)
                continue
            }
            guard let last = result.characters.last else { continue }
            if last.scalar == " " {
                let lower = min(last.source.lowerBound, character.source.lowerBound)
                let upper = max(last.source.upperBound, character.source.upperBound)
                result.characters[result.characters.count - 1] =
                    Character(scalar: " ", source: lower..<upper, isVerbatim: false)
            } else {
                result.characters.append(character)
            }
        }
        if result.characters.last?.scalar == " " { result.characters.removeLast() }
        return result
    }

    /// Stretches of scalars that are their source verbatim, and stretches that stand for one stretch of source.
    func runs(_ poll: CancellationPoll) throws(CancellationError) -> [Run] {
        var result: [Run] = []
        var lastIsVerbatim = false
        for (index, character) in characters.enumerated() {
            try poll.advance()
            let (source, isVerbatim) = (character.source, character.isVerbatim)
            if let last = result.last {
                let continues = isVerbatim && lastIsVerbatim && last.source.upperBound == source.lowerBound
                if continues || last.source == source {
                    result[result.count - 1].end = index + 1
                    result[result.count - 1].source = last.source.lowerBound..<source.upperBound
                    continue
                }
            }
            result.append(Run(start: index, end: index + 1, source: source))
            lastIsVerbatim = isVerbatim
        }
        return result
    }
}
