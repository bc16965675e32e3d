/// Tokens that are found in a text as they stand, before the model sees it: special tokens, and tokens added to a
/// vocabulary.
struct AddedTokens: Sendable {
    struct Token: Sendable, Equatable {
        var id: Int
        var content: String
        /// Takes the whitespace before it along.
        var stripsLeft = false
        /// Takes the whitespace after it along.
        var stripsRight = false
        /// Found only where no letter, digit or underscore touches it.
        var isSingleWord = false
        /// Searched in the normalised text, where its content is normalised too.
        var isNormalized = false
    }

    private(set) var tokens: [Token] = []
    private var byFirst: [Unicode.Scalar: [Entry]] = [:]

    private struct Entry: Sendable {
        let token: Token
        let scalars: [Unicode.Scalar]
    }

    init(_ tokens: [Token] = []) {
        for token in tokens { add(token, searchedAs: Array(token.content.unicodeScalars)) }
    }

    var isEmpty: Bool { tokens.isEmpty }

    /// Adds a token that is found where `scalars` are.
    mutating func add(_ token: Token, searchedAs scalars: [Unicode.Scalar]) {
        tokens.append(token)
        guard let first = scalars.first else { return }
        // The longest comes first, so that it is the one found.
        var entries = byFirst[first, default: []]
        let place = entries.firstIndex { $0.scalars.count < scalars.count } ?? entries.endIndex
        entries.insert(Entry(token: token, scalars: scalars), at: place)
        byFirst[first] = entries
    }

    struct Segment {
        let range: Range<Int>
        /// nil for text between added tokens.
        let token: Token?
    }

    /// Cuts a text at the added tokens in it; leftmost first, the longest where several begin.
    func segments(of text: [Unicode.Scalar]) -> [Segment] {
        var segments: [Segment] = []
        var pending = 0
        var index = 0
        while index < text.count {
            guard let match = match(in: text, at: index) else {
                index += 1
                continue
            }
            var start = index
            var end = index + match.scalars.count
            index = end
            if match.token.isSingleWord, !isSeparate(text, start..<end) { continue }
            if match.token.stripsLeft { while start > pending, text[start - 1].properties.isWhitespace { start -= 1 } }
            if match.token.stripsRight { while end < text.count, text[end].properties.isWhitespace { end += 1 } }
            if pending < start { segments.append(Segment(range: pending..<start, token: nil)) }
            segments.append(Segment(range: start..<end, token: match.token))
            pending = end
            index = end
        }
        if pending < text.count { segments.append(Segment(range: pending..<text.count, token: nil)) }
        return segments
    }

    private func match(in text: [Unicode.Scalar], at index: Int) -> Entry? {
        byFirst[text[index]]?.first { text[index...].starts(with: $0.scalars) }
    }

    private func isSeparate(_ text: [Unicode.Scalar], _ range: Range<Int>) -> Bool {
        func isWord(_ scalar: Unicode.Scalar) -> Bool { scalar.isLetter || scalar.isNumber || scalar == "_" }
        if range.lowerBound > 0, isWord(text[range.lowerBound - 1]) { return false }
        return range.upperBound == text.count || !isWord(text[range.upperBound])
    }
}
