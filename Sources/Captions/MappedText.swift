/// Text as a reader sees it, each scalar with the range of the document (in bytes) that it comes from.
struct MappedText {
    private var scalars: [Unicode.Scalar] = []
    private var sources: [Range<Int>] = []

    struct Run {
        /// Offsets in scalars of the text.
        var start: Int
        var end: Int
        /// Bytes of the document.
        var source: Range<Int>
    }

    var isEmpty: Bool { scalars.isEmpty }
    var text: String { String(String.UnicodeScalarView(scalars)) }

    /// From the first to the last byte that the text shows.
    var sourceRange: Range<Int> {
        guard let start = sources.map(\.lowerBound).min(), let end = sources.map(\.upperBound).max() else {
            return 0..<0
        }
        return start..<end
    }

    /// Appends a stretch of an excerpt as it is; line ends become spaces.
    mutating func append(_ range: Range<Int>, of excerpt: Excerpt) {
        var index = range.lowerBound
        for scalar in excerpt.string(range).unicodeScalars {
            let end = min(index + UTF8.width(scalar), range.upperBound)
            scalars.append(scalar.properties.isWhitespace ? " " : scalar)
            sources.append(excerpt.sourceRange(index..<end))
            index = end
        }
    }

    /// Appends text that stands for a stretch of the document.
    mutating func append(_ text: String, for source: Range<Int>) {
        for scalar in text.unicodeScalars {
            scalars.append(scalar.properties.isWhitespace ? " " : scalar)
            sources.append(source)
        }
    }

    mutating func append(_ other: MappedText) {
        scalars += other.scalars
        sources += other.sources
    }

    /// The text with white space at its ends removed and each stretch of white space inside made one space.
    func collapsed() -> MappedText {
        var result = MappedText()
        for (scalar, source) in zip(scalars, sources) {
            guard scalar == " " else {
                result.scalars.append(scalar)
                result.sources.append(source)
                continue
            }
            guard let last = result.scalars.last else { continue }
            if last == " " {
                let before = result.sources[result.sources.count - 1]
                result.sources[result.sources.count - 1] =
                    min(before.lowerBound, source.lowerBound)..<max(before.upperBound, source.upperBound)
            } else {
                result.scalars.append(" ")
                result.sources.append(source)
            }
        }
        if result.scalars.last == " " {
            result.scalars.removeLast()
            result.sources.removeLast()
        }
        return result
    }

    /// Stretches of scalars that are their source verbatim, and stretches that stand for one stretch of source.
    func runs() -> [Run] {
        var result: [Run] = []
        var lastIsVerbatim = false
        for (index, source) in sources.enumerated() {
            let isVerbatim = source.count == UTF8.width(scalars[index])
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
