/// What SentencePiece does to a text before it is segmented: replacements by a character map, superfluous spaces
/// removed, spaces escaped as "▁", one put before the text (libsentencepiece's `Normalizer::Normalize`).
struct SentencePieceNormalizer: Sendable {
    /// `NormalizerSpec`, and `treat_whitespace_as_suffix` of the `TrainerSpec`.
    struct Rules: Sendable {
        var addsDummyPrefix = true
        var removesExtraWhitespace = true
        var escapesWhitespace = true
        var treatsWhitespaceAsSuffix = false
    }

    /// A normalised text in UTF-8, and for each byte of it, and its end, the byte of the given text that it came from.
    struct Normalized {
        var bytes: [UInt8] = []
        var sources: [Int32] = []
    }

    let rules: Rules
    let map: PrecompiledCharacterMap?
    /// Pieces that the user defined, which are not replaced.
    let userDefined: Vocabulary

    private static let space = UInt8(ascii: " ")
    private static let escapedSpace = Array("\u{2581}".utf8)

    func normalize(_ text: [UInt8], checkpoint: Checkpoint) throws(CancellationError) -> Normalized {
        var result = Normalized()
        var index = 0
        if rules.removesExtraWhitespace {
            while index < text.count {
                let (replacement, length) = prefix(of: text, at: index)
                guard replacement.elementsEqual([Self.space]) else { break }
                index += length
            }
        }
        guard index < text.count else {
            result.sources = [0]
            return result
        }
        let spaceSymbol = rules.escapesWhitespace ? Self.escapedSpace : [Self.space]
        func append(_ bytes: [UInt8], source: Int) {
            result.bytes += bytes
            result.sources += repeatElement(Int32(source), count: bytes.count)
        }

        if rules.addsDummyPrefix, !rules.treatsWhitespaceAsSuffix { append(spaceSymbol, source: index) }
        var followsSpace = rules.removesExtraWhitespace
        var steps = 0
        while index < text.count {
            steps += 1
            if steps % 4096 == 0 { try checkpoint.pass() }
            var (replacement, length) = prefix(of: text, at: index)
            if followsSpace { replacement = replacement.drop { $0 == Self.space } }
            for byte in replacement { append(byte == Self.space ? spaceSymbol : [byte], source: index) }
            if let last = replacement.last { followsSpace = last == Self.space }
            if !rules.removesExtraWhitespace { followsSpace = false }
            index += length
        }
        var end = index
        if rules.removesExtraWhitespace {
            while result.bytes.suffix(spaceSymbol.count).elementsEqual(spaceSymbol) {
                let length = result.bytes.count - spaceSymbol.count
                end = Int(result.sources[length])
                result.bytes.removeSubrange(length...)
                result.sources.removeSubrange(length...)
            }
        }
        if rules.addsDummyPrefix, rules.treatsWhitespaceAsSuffix { append(spaceSymbol, source: end) }
        result.sources.append(Int32(end))
        return result
    }

    /// What the text has at `index` and becomes, and how many bytes of the text that stands for: the longest piece that
    /// the user defined, else what the longest rule replaces, else a character.
    private func prefix(of text: [UInt8], at index: Int) -> (replacement: ArraySlice<UInt8>, length: Int) {
        var length = 0
        if userDefined.count > 0 {
            userDefined.forEachToken(in: text, at: index) { tokenLength, _ in length = tokenLength }
        }
        if length > 0 { return (text[index..<index + length], length) }
        if let rule = map?.longestRule(in: text, at: index) { return rule }
        length = 1
        while index + length < text.count, text[index + length] & 0xC0 == 0x80 { length += 1 }
        return (text[index..<index + length], length)
    }
}
