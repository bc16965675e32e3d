/// A stretch of the caption: a text player's span, or what lies between spans (`player == nil`).
struct CaptionSegment: Sendable, Equatable {
    var text: String
    var player: Int?
}

extension Picture {
    /// The whole caption in order, cut at the text players' spans. Overlapping or empty spans give up what an
    /// earlier span took.
    var captionSegments: [CaptionSegment] {
        let scalars = Array(caption.unicodeScalars)
        func slice(_ range: Range<Int>) -> String { String(String.UnicodeScalarView(scalars[range])) }
        var segments: [CaptionSegment] = []
        var position = 0
        for index in words.indices.sorted(by: { (words[$0].start, $0) < (words[$1].start, $1) }) {
            var start = max(words[index].start, position)
            var end = words[index].end
            // Tokenizers of the SentencePiece family count the space before a word as the word's own.
            while start < end, scalars[start].properties.isWhitespace { start += 1 }
            while start < end, scalars[end - 1].properties.isWhitespace { end -= 1 }
            guard start < end else { continue }
            if position < start { segments.append(CaptionSegment(text: slice(position..<start), player: nil)) }
            segments.append(CaptionSegment(text: slice(start..<end), player: patchCount + index))
            position = end
        }
        if position < scalars.count {
            segments.append(CaptionSegment(text: slice(position..<scalars.count), player: nil))
        }
        return segments
    }
}
