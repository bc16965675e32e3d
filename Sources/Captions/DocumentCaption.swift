/// An image in a document, with the text that describes it.
package struct DocumentCaption: Sendable, Equatable, Codable {
    /// The image: a path, resolved against the document's folder where that is known, or a `data:` URI.
    package var image: String
    /// Where the image was looked for, if there are several places and no file is at any; `image` is the first.
    package var lookedFor: [String]?
    /// The caption as a reader sees it: escapes and entities decoded, markup removed, white space collapsed.
    package var caption: String
    /// The whole construct: `![a cat](cat.png)`, the `<img>` tag, the `\includegraphics` command, the directive, the
    /// link.
    package var range: TextRange
    /// From the first to the last character of the source that the caption shows.
    package var captionRange: TextRange
    /// Which stretch of the source each stretch of the caption comes from, in order and covering the caption.
    package var runs: [CaptionRun]
    /// Why there is no caption, where the finder was asked for such images as well; `caption` is empty then,
    /// `captionRange` is `range`, and there are no runs.
    package var absence: Absence?

    package enum Absence: String, Sendable, Codable {
        /// Nothing describes the image.
        case missing
        /// The document says that there is nothing to describe: `alt=""`.
        case decorative
    }
}

/// A stretch of a caption and its source. Where both have equally many Unicode scalars the text is the same, scalar by
/// scalar; otherwise the whole stretch stands for its source, as `&` does for `&amp;`.
package struct CaptionRun: Sendable, Equatable, Codable {
    /// Offsets in Unicode scalars of the caption.
    package var start: Int
    package var end: Int
    package var range: TextRange
}

/// Zero-based lines and, in the chosen encoding's units, characters, as in the Language Server Protocol.
package struct TextPosition: Sendable, Equatable, Hashable, Codable, Comparable {
    package var line: Int
    package var character: Int

    package init(line: Int, character: Int) {
        self.line = line
        self.character = character
    }

    package static func < (a: TextPosition, b: TextPosition) -> Bool { (a.line, a.character) < (b.line, b.character) }
}

/// A half-open range of positions.
package struct TextRange: Sendable, Equatable, Hashable, Codable {
    package var start: TextPosition
    package var end: TextPosition

    package init(start: TextPosition, end: TextPosition) {
        self.start = start
        self.end = end
    }
}

/// The unit of `TextPosition.character` (LSP's `positionEncoding`).
package enum PositionEncoding: String, Sendable, CaseIterable, Codable {
    case utf8 = "utf-8"
    case utf16 = "utf-16"
    case utf32 = "utf-32"

    func length(_ scalar: Unicode.Scalar) -> Int {
        switch self {
        case .utf8: UTF8.width(scalar)
        case .utf16: UTF16.width(scalar)
        case .utf32: 1
        }
    }
}

extension DocumentCaption {
    /// Where a stretch of the caption stands in the document. `scalars` are offsets in Unicode scalars of `caption`,
    /// for example a text player's span; they are clamped to the caption. `encoding` must be the one the caption was
    /// found with.
    package func documentRange(of scalars: Range<Int>, encoding: PositionEncoding = .utf16) -> TextRange {
        let characters = Array(caption.unicodeScalars)
        func position(_ offset: Int, isEnd: Bool) -> TextPosition {
            guard let run = runs.first(where: { isEnd ? offset <= $0.end : offset < $0.end }) ?? runs.last else {
                return isEnd ? captionRange.end : captionRange.start
            }
            let stretch = characters[run.start..<run.end]
            let isSame =
                run.range.start.line == run.range.end.line
                && stretch.reduce(0) { $0 + encoding.length($1) } == run.range.end.character - run.range.start.character
            guard isSame else { return isEnd ? run.range.end : run.range.start }
            let length = characters[run.start..<max(run.start, min(run.end, offset))].reduce(0) {
                $0 + encoding.length($1)
            }
            return TextPosition(line: run.range.start.line, character: run.range.start.character + length)
        }
        let lower = max(0, min(scalars.lowerBound, characters.count))
        let upper = max(lower, min(scalars.upperBound, characters.count))
        let start = position(lower, isEnd: false)
        return TextRange(start: start, end: max(start, position(upper, isEnd: true)))
    }
}
