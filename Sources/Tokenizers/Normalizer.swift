/// The normalizers of a `tokenizer.json` that the CLIP, SigLIP and SigLIP2 families use.
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

    func apply(to text: AlignedText) -> AlignedText {
        switch self {
        case .sequence(let steps):
            return steps.reduce(text) { $1.apply(to: $0) }
        case .unicode(let form):
            return form.apply(to: text)
        case .lowercase:
            return Self.lowercased(text)
        case .replace(let pattern, let content):
            return Self.replacing(pattern, with: content, in: text)
        case .strip(let left, let right):
            return Self.stripped(text, left: left, right: right)
        case .prepend(let prefix):
            guard !text.isEmpty else { return text }
            var result = text
            result.prepend(prefix)
            return result
        case .precompiled(let map):
            return map.apply(to: text)
        }
    }

    private static func lowercased(_ text: AlignedText) -> AlignedText {
        text.mapped { scalar, emit in
            if scalar.isASCII {
                let isUpper = scalar.value >= 0x41 && scalar.value <= 0x5A
                emit(isUpper ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar)
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars { emit(lower) }
            }
        }
    }

    private static func replacing(
        _ pattern: ScalarPattern, with content: [Unicode.Scalar], in text: AlignedText
    ) -> AlignedText {
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
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
