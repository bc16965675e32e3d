import Foundation

/// The Unicode normalisation forms (Unicode Standard Annex 15), with alignment.
///
/// A text is normalised letter by letter, each with its marks. What Foundation says of a character or of a pair is
/// asked once for each text, so that a long text costs little more than its different characters.
package enum NormalizationForm: Sendable, CaseIterable {
    case nfc, nfd, nfkc, nfkd

    package func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        // Below U+00A0 all forms change nothing, and NFC changes nothing below U+0300.
        let inert: UInt32 = self == .nfc ? 0x300 : 0xA0
        if text.scalars.allSatisfy({ $0.value < inert }) { return text }

        var mappings = CharacterMappings(form: self)
        var result = AlignedText()
        result.reserveCapacity(text.count)
        var start = 0
        var nextPass = 0
        while start < text.count {
            if start >= nextPass {
                try checkpoint.pass()
                nextPass = start + 512
            }
            var end = start + 1
            while end < text.count, Self.attaches(text.scalars[end]) { end += 1 }
            if end == start + 1, text.scalars[start].value < inert {
                result.append(text, start..<end)
            } else {
                appendNormalized(text, start..<end, to: &result, &mappings)
            }
            start = end
        }
        return result
    }

    /// A character of a text under normalisation.
    private struct Part {
        var scalar: Unicode.Scalar
        var source: Range<Int32>
        let combiningClass: UInt8
    }

    /// Appends the normal form of a letter with its marks, each scalar with the given ones that its parts came from.
    private func appendNormalized(
        _ text: AlignedText, _ range: Range<Int>, to result: inout AlignedText, _ mappings: inout CharacterMappings
    ) {
        var parts: [Part] = []
        for index in range {
            for scalar in mappings.decomposition(of: text.scalars[index]) {
                parts.append(
                    Part(
                        scalar: scalar, source: text.sources[index],
                        combiningClass: scalar.properties.canonicalCombiningClass.rawValue))
            }
        }
        Self.sortMarks(&parts)
        if self == .nfc || self == .nfkc { parts = Self.composed(parts, &mappings) }
        if parts.lazy.map(\.scalar).elementsEqual(text.scalars[range]) {
            result.append(text, range)
            return
        }
        // Marks that changed places share a range, so that ranges ascend.
        for index in parts.indices.dropFirst()
        where parts[index].source.upperBound < parts[index - 1].source.upperBound {
            parts[index].source = parts[index].source.lowerBound..<parts[index - 1].source.upperBound
        }
        for index in parts.indices.dropLast().reversed()
        where parts[index].source.lowerBound > parts[index + 1].source.lowerBound {
            parts[index].source = parts[index + 1].source.lowerBound..<parts[index].source.upperBound
        }
        for part in parts { result.append(part.scalar, source: part.source) }
    }

    /// Canonical Ordering: each run of marks by combining class, equal ones in the order in which they stand.
    private static func sortMarks(_ parts: inout [Part]) {
        var start = 0
        while start < parts.count {
            var end = start
            while end < parts.count, parts[end].combiningClass != 0 { end += 1 }
            if end - start > 1 {
                let sorted = parts[start..<end].enumerated().sorted {
                    ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
                }
                parts.replaceSubrange(start..<end, with: sorted.map(\.element))
            }
            start = end + 1
        }
    }

    /// Canonical Composition: a character joins the last starter where no character of its class or a higher one stands
    /// between.
    private static func composed(_ parts: [Part], _ mappings: inout CharacterMappings) -> [Part] {
        var result: [Part] = []
        var starter: Int?
        for part in parts {
            if let starter,
                starter == result.count - 1 || result[result.count - 1].combiningClass < part.combiningClass,
                let composite = mappings.composition(of: result[starter].scalar, part.scalar)
            {
                result[starter].scalar = composite
                result[starter].source = result[starter].source.joined(with: part.source)
                continue
            }
            if part.combiningClass == 0 { starter = result.count }
            result.append(part)
        }
        return result
    }

    /// Whether normalisation may join this scalar with the ones before it: marks, the vowels and final consonants of
    /// Hangul, and the Kirat Rai vowels. A text may be normalised in parts that begin with any other scalar.
    private static func attaches(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x300 { return false }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: return true
        default: break
        }
        switch scalar.value {
        case 0x1160...0x11FF, 0xD7B0...0xD7FF, 0x16D63...0x16D6A, 0xFF9E...0xFF9F: return true
        default: return false
        }
    }
}

/// What single characters and pairs of them become, as Foundation says, kept for the characters of one text.
private struct CharacterMappings {
    let form: NormalizationForm
    private var decompositions: [Unicode.Scalar: [Unicode.Scalar]] = [:]
    private var compositions: [UInt64: Unicode.Scalar?] = [:]

    init(form: NormalizationForm) { self.form = form }

    /// The full decomposition of a character.
    mutating func decomposition(of scalar: Unicode.Scalar) -> [Unicode.Scalar] {
        if let known = decompositions[scalar] { return known }
        let text = String(scalar)
        let parts =
            switch form {
            case .nfc, .nfd: Array(text.decomposedStringWithCanonicalMapping.unicodeScalars)
            case .nfkc, .nfkd: Array(text.decomposedStringWithCompatibilityMapping.unicodeScalars)
            }
        decompositions[scalar] = parts
        return parts
    }

    /// The character that a starter and a following character make; nil where they stay two.
    mutating func composition(of first: Unicode.Scalar, _ second: Unicode.Scalar) -> Unicode.Scalar? {
        // Foundation leaves a Hangul syllable before a final consonant as it is (Unicode Standard, 3.12).
        if (0xAC00..<0xD7A4).contains(first.value), (0x11A8...0x11C2).contains(second.value) {
            return (first.value - 0xAC00) % 28 == 0 ? Unicode.Scalar(first.value + second.value - 0x11A7) : nil
        }
        let key = UInt64(first.value) << 32 | UInt64(second.value)
        if let known = compositions[key] { return known }
        // Foundation composes some characters of three parts from their parts only.
        var pair = String(first).decomposedStringWithCanonicalMapping.unicodeScalars
        pair.append(second)
        let composed = String(pair).precomposedStringWithCanonicalMapping.unicodeScalars
        let composite = composed.count == 1 ? composed.first : nil
        compositions[key] = .some(composite)
        return composite
    }
}

extension Range<Int32> {
    fileprivate func joined(with other: Range<Int32>) -> Range<Int32> {
        Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
    }
}
