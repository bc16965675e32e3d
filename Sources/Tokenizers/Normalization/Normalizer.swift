/// The normalizers of a `tokenizer.json` that the families known here use.
///
/// Each does what its namesake in the Hugging Face `tokenizers` library does, and keeps the alignment with the given
/// text.
indirect enum Normalizer: Sendable {
    case sequence([Normalizer])
    case unicode(NormalizationForm)
    /// The full lower-case mapping of each scalar, whatever its neighbours.
    case lowercase
    case replace(ScalarPattern, with: [Unicode.Scalar])
    case strip(left: Bool, right: Bool)
    /// Puts text before a text that is not empty.
    case prepend([Unicode.Scalar])
    case precompiled(PrecompiledCharacterMap)
    case bert(BERTCleaner)

    func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        try checkpoint.pass()
        switch self {
        case .sequence(let steps):
            var result = text
            for step in steps { result = try step.apply(to: result, checkpoint: checkpoint) }
            return result
        case .unicode(let form):
            return try form.apply(to: text, checkpoint: checkpoint)
        case .lowercase:
            return text.mapped(Self.lowercase)
        case .replace(let pattern, let content):
            return try Self.replacing(pattern, with: content, in: text, checkpoint: checkpoint)
        case .strip(let left, let right):
            return Self.stripped(text, left: left, right: right)
        case .prepend(let prefix):
            guard !text.isEmpty else { return text }
            var result = text
            result.prepend(prefix)
            return result
        case .precompiled(let map):
            return try map.apply(to: text, checkpoint: checkpoint)
        case .bert(let cleaner):
            return try cleaner.apply(to: text, checkpoint: checkpoint)
        }
    }

    /// Calls `emit` with the full lower-case mapping of a scalar.
    static func lowercase(_ scalar: Unicode.Scalar, _ emit: (Unicode.Scalar) -> Void) {
        if scalar.isASCII {
            let isUpper = scalar.value >= 0x41 && scalar.value <= 0x5A
            emit(isUpper ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar)
        } else {
            for lower in scalar.properties.lowercaseMapping.unicodeScalars { emit(lower) }
        }
    }

    private static func replacing(
        _ pattern: ScalarPattern, with content: [Unicode.Scalar], in text: AlignedText, checkpoint: Checkpoint
    ) throws(CancellationError) -> AlignedText {
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var index = 0
        var steps = 0
        while index < text.count {
            steps += 1
            if steps % 4096 == 0 { try checkpoint.pass() }
            guard let end = pattern.match(in: text.scalars, at: index) else {
                result.append(text.scalars[index], source: text.sources[index])
                index += 1
                continue
            }
            let source = text.sources[index].lowerBound..<text.sources[end - 1].upperBound
            for scalar in content { result.append(scalar, source: source) }
            index = end
        }
        return result
    }

    private static func stripped(_ text: AlignedText, left: Bool, right: Bool) -> AlignedText {
        var start = 0
        var end = text.count
        if left { while start < end, text.scalars[start].properties.isWhitespace { start += 1 } }
        if right { while end > start, text.scalars[end - 1].properties.isWhitespace { end -= 1 } }
        return text[start..<end]
    }
}
