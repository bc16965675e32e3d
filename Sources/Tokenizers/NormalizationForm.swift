import Foundation

/// The Unicode normalisation forms (Unicode Standard Annex 15), with alignment.
enum NormalizationForm: Sendable {
    case nfc, nfd, nfkc, nfkd

    func apply(to text: AlignedText, checkpoint: Checkpoint) throws(CancellationError) -> AlignedText {
        // Below U+00A0 all forms change nothing, and NFC changes nothing below U+0300.
        let inert: UInt32 = self == .nfc ? 0x300 : 0xA0
        if text.scalars.allSatisfy({ $0.value < inert }) { return text }
        if normalized(text.scalars[...]) == text.scalars { return text }

        var result = AlignedText()
        result.reserveCapacity(text.count)
        var start = 0
        var nextPass = 0
        while start < text.count {
            if start >= nextPass {
                try checkpoint.pass()
                nextPass = start + 256
            }
            var end = start + 1
            while end < text.count, Self.attaches(text.scalars[end]) { end += 1 }
            appendNormalized(text, start..<end, to: &result)
            start = end
        }
        return result
    }

    /// Appends the normal form of a letter with its marks, each scalar with the given ones that its parts came from.
    private func appendNormalized(_ text: AlignedText, _ range: Range<Int>, to result: inout AlignedText) {
        let after = normalized(text.scalars[range])
        if after.elementsEqual(text.scalars[range]) {
            result.append(text, range)
            return
        }
        // Where each part of the decomposed text came from; equal parts are used up in order.
        var origins: [Unicode.Scalar: Origins] = [:]
        for index in range {
            for part in decomposed(text.scalars[index...index]) {
                origins[part, default: Origins()].sources.append(text.sources[index])
            }
        }
        var sources = after.map { scalar in
            var source: Range<Int32>?
            for part in decomposed([scalar]) {
                guard let origin = origins[part]?.next() else { continue }
                source = source.map { $0.joined(with: origin) } ?? origin
            }
            return source ?? text.sources[range.lowerBound]
        }
        // Marks that changed places share a range, so that ranges ascend.
        for index in sources.indices.dropFirst() where sources[index].upperBound < sources[index - 1].upperBound {
            sources[index] = sources[index].lowerBound..<sources[index - 1].upperBound
        }
        for index in sources.indices.dropLast().reversed()
        where sources[index].lowerBound > sources[index + 1].lowerBound {
            sources[index] = sources[index + 1].lowerBound..<sources[index].upperBound
        }
        for (scalar, source) in zip(after, sources) { result.append(scalar, source: source) }
    }

    private struct Origins {
        var sources: [Range<Int32>] = []
        private var used = 0

        mutating func next() -> Range<Int32>? {
            guard used < sources.count else { return nil }
            defer { used += 1 }
            return sources[used]
        }
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
        let parts = Self.string(decomposed(scalars)[...])
        switch self {
        // Composing the decomposed text gives the same, and avoids a fault of Foundation, which leaves a Hangul
        // syllable before U+11A8 as it is.
        case .nfc, .nfkc: return Array(parts.precomposedStringWithCanonicalMapping.unicodeScalars)
        case .nfd, .nfkd: return Array(parts.unicodeScalars)
        }
    }

    private func decomposed(_ scalars: ArraySlice<Unicode.Scalar>) -> [Unicode.Scalar] {
        let string = Self.string(Self.withMarksInOrder(scalars))
        switch self {
        case .nfc, .nfd: return Array(string.decomposedStringWithCanonicalMapping.unicodeScalars)
        case .nfkc, .nfkd: return Array(string.decomposedStringWithCompatibilityMapping.unicodeScalars)
        }
    }

    /// A canonically equivalent text, with marks sorted where more than a few follow each other: the sort that comes
    /// with decomposition takes quadratic time on marks in bad order.
    private static func withMarksInOrder(_ scalars: ArraySlice<Unicode.Scalar>) -> ArraySlice<Unicode.Scalar> {
        func isMark(_ scalar: Unicode.Scalar) -> Bool {
            scalar.value >= 0x300 && (combiningClass(scalar) != 0 || tibetanVowels[scalar] != nil)
        }
        var result = scalars
        var start = scalars.startIndex
        while let first = result[start...].firstIndex(where: isMark) {
            let end = result[first...].firstIndex { !isMark($0) } ?? result.endIndex
            start = end
            if end - first > 32 {
                let marks = result[first..<end].flatMap { tibetanVowels[$0] ?? [$0] }
                let sorted = marks.enumerated().sorted {
                    (combiningClass($0.element), $0.offset) < (combiningClass($1.element), $1.offset)
                }
                result.replaceSubrange(first..<end, with: sorted.map(\.element))
                start = first + sorted.count
            }
        }
        return result
    }

    private static func combiningClass(_ scalar: Unicode.Scalar) -> UInt8 {
        scalar.properties.canonicalCombiningClass.rawValue
    }

    /// The scalars of combining class 0 that decompose into marks.
    private static let tibetanVowels: [Unicode.Scalar: [Unicode.Scalar]] = [
        "\u{F73}": ["\u{F71}", "\u{F72}"], "\u{F75}": ["\u{F71}", "\u{F74}"], "\u{F81}": ["\u{F71}", "\u{F80}"],
    ]

    private static func string(_ scalars: ArraySlice<Unicode.Scalar>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
    }
}

extension Range<Int32> {
    fileprivate func joined(with other: Range<Int32>) -> Range<Int32> {
        Swift.min(lowerBound, other.lowerBound)..<Swift.max(upperBound, other.upperBound)
    }
}
