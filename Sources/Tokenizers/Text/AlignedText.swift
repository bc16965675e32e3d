/// A text under normalisation: its scalars, and for each the range of the given text that it came from.
///
/// Corresponds to the alignments of a `NormalizedString` in the Hugging Face `tokenizers` library, counted in Unicode
/// scalars.
package struct AlignedText {
    package private(set) var scalars: [Unicode.Scalar]
    private(set) var sources: [Range<Int32>]

    /// Texts longer than this many scalars are refused: tokens beyond the model's positions are cut off anyway, and the
    /// alignment takes some dozens of bytes per scalar.
    static let longestText = 1 << 16

    /// The scalars of a given text.
    /// - Throws: `textInvalid` for a text longer than `longestText`.
    static func scalars(of text: String) throws(TokenizerError) -> [Unicode.Scalar] {
        let scalars = Array(text.unicodeScalars)
        if scalars.count > longestText {
            throw .textInvalid(reason: "it has \(scalars.count) characters, and at most \(longestText) are accepted")
        }
        return scalars
    }

    init() {
        scalars = []
        sources = []
    }

    /// The part `range` of the given text, untouched.
    package init(_ text: ArraySlice<Unicode.Scalar>) {
        scalars = Array(text)
        sources = text.indices.map { Int32($0)..<Int32($0 + 1) }
    }

    var count: Int { scalars.count }
    var isEmpty: Bool { scalars.isEmpty }

    /// The range of the given text that the scalars in `range`, which is not empty, stand for.
    func source(of range: Range<Int>) -> Range<Int> {
        Int(sources[range.lowerBound].lowerBound)..<Int(sources[range.upperBound - 1].upperBound)
    }

    mutating func reserveCapacity(_ capacity: Int) {
        scalars.reserveCapacity(capacity)
        sources.reserveCapacity(capacity)
    }

    mutating func append(_ scalar: Unicode.Scalar, source: Range<Int32>) {
        scalars.append(scalar)
        sources.append(source)
    }

    mutating func append(_ text: AlignedText, _ range: Range<Int>) {
        scalars.append(contentsOf: text.scalars[range])
        sources.append(contentsOf: text.sources[range])
    }

    /// Puts `prefix` before the text; it stands for nothing of the given text.
    mutating func prepend(_ prefix: [Unicode.Scalar]) {
        let start = sources.first?.lowerBound ?? 0
        scalars.insert(contentsOf: prefix, at: 0)
        sources.insert(contentsOf: repeatElement(start..<start, count: prefix.count), at: 0)
    }

    /// Replaces each scalar by `replacements` of it, which stand for the same part of the given text.
    func mapped(_ replacements: (Unicode.Scalar, (Unicode.Scalar) -> Void) -> Void) -> AlignedText {
        var result = AlignedText()
        result.reserveCapacity(count)
        for index in scalars.indices {
            let source = sources[index]
            replacements(scalars[index]) { result.append($0, source: source) }
        }
        return result
    }

    subscript(range: Range<Int>) -> AlignedText {
        var part = AlignedText()
        part.append(self, range)
        return part
    }
}
