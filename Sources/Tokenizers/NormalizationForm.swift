import Foundation

/// The Unicode normalisation forms (Unicode Standard Annex 15), with alignment.
enum NormalizationForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    func apply(to text: AlignedText) -> AlignedText {
        // Below U+00A0 all forms change nothing, and NFC changes nothing below U+0300.
        let inert: UInt32 = self == .nfc ? 0x300 : 0xA0
        if text.scalars.allSatisfy({ $0.value < inert }) { return text }
        if normalized(text.scalars[...]) == text.scalars { return text }

        var result = AlignedText()
        result.reserveCapacity(text.count)
        var start = 0
        while start < text.count {
            var end = start + 1
            while end < text.count, Self.attaches(text.scalars[end]) { end += 1 }
            appendNormalized(text, start..<end, to: &result)
            start = end
        }
        return result
    }

    /// Appends the normal form of a letter with its marks. Where it differs from the letter and marks, the scalars that
    /// differ stand for all of the given ones that differ.
    private func appendNormalized(_ text: AlignedText, _ range: Range<Int>, to result: inout AlignedText) {
        let before = text.scalars[range]
        let after = normalized(before)
        if after.elementsEqual(before) {
            result.append(text, range)
            return
        }
        let shorter = min(before.count, after.count)
        var prefix = 0
        while prefix < shorter - 1, before[range.lowerBound + prefix] == after[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - 1 - prefix, before[range.upperBound - 1 - suffix] == after[after.count - 1 - suffix] {
            suffix += 1
        }
        let changed = range.lowerBound + prefix..<range.upperBound - suffix
        let source = text.sources[changed.lowerBound].lowerBound..<text.sources[changed.upperBound - 1].upperBound
        result.append(text, range.lowerBound..<changed.lowerBound)
        for scalar in after[prefix..<after.count - suffix] { result.append(scalar, source: source) }
        result.append(text, changed.upperBound..<range.upperBound)
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

    private func normalized(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        let string = String(view)
        let result =
            switch self {
            case .nfc: string.precomposedStringWithCanonicalMapping
            case .nfd: string.decomposedStringWithCanonicalMapping
            case .nfkc: string.precomposedStringWithCompatibilityMapping
            case .nfkd: string.decomposedStringWithCompatibilityMapping
            }
        return Array(result.unicodeScalars)
    }
}
