/// Which tokens of a text form one player.
package enum PlayerGrouping: Sendable, Equatable {
    /// Each token is a player.
    case tokens
    /// The tokens of one whitespace-separated word form a player. Words that share a token are one player. Scripts that
    /// are written without spaces have no such words: there each token is a player, and tokens that share a character
    /// are one.
    case words
    /// The tokens that meet one of these ranges of Unicode scalars form a player; others are not players.
    case spans([Range<Int>])
}

extension Tokenization {
    /// The players under a grouping, in the order of their first tokens (spans: in the order given).
    ///
    /// - Throws: `TokenizerError.spanInvalid` for a span that is empty, out of range, overlaps another one, shares a
    ///   token with another one, or meets no token (also because the text was truncated before it).
    package func players(groupedBy grouping: PlayerGrouping) throws(TokenizerError) -> [TextPlayer] {
        switch grouping {
        case .tokens: return players
        case .words: return wordPlayers()
        case .spans(let spans): return try spanPlayers(spans)
        }
    }

    private func wordPlayers() -> [TextPlayer] {
        let scalars = Array(text.unicodeScalars)
        let words = Self.words(of: scalars)
        guard !words.isEmpty else { return players }
        let wordAt = Self.wordIndices(words, count: scalars.count)

        var groups: [(words: ClosedRange<Int>, positions: [Int])] = []
        for position in playerPositions {
            let range = anchor(of: offsets[position], in: scalars)
            let touched = wordAt[range.lowerBound]...wordAt[range.upperBound - 1]
            if let last = groups.last, touched.lowerBound <= last.words.upperBound {
                let joined = last.words.lowerBound...max(last.words.upperBound, touched.upperBound)
                groups[groups.count - 1] = (joined, last.positions + [position])
            } else {
                groups.append((touched, [position]))
            }
        }
        return groups.map { group in
            let range = words[group.words.lowerBound].lowerBound..<words[group.words.upperBound].upperBound
            return player(range: range, positions: group.positions, scalars: scalars)
        }
    }

    private func spanPlayers(_ spans: [Range<Int>]) throws(TokenizerError) -> [TextPlayer] {
        let scalars = Array(text.unicodeScalars)
        if spans.count > playerPositions.count {
            let reason = "\(spans.count) spans for \(playerPositions.count) tokens; each span needs a token of its own"
            throw .spanInvalid(index: playerPositions.count, reason: reason)
        }
        for (index, span) in spans.enumerated() {
            if span.isEmpty { throw .spanInvalid(index: index, reason: "\(span) is empty") }
            if span.lowerBound < 0 || span.upperBound > scalars.count {
                throw .spanInvalid(index: index, reason: "\(span) is outside the text's \(scalars.count) characters")
            }
            if let other = spans[..<index].firstIndex(where: { $0.overlaps(span) }) {
                throw .spanInvalid(index: index, reason: "\(span) overlaps span \(other), \(spans[other])")
            }
        }
        var members = [[Int]](repeating: [], count: spans.count)
        for position in playerPositions {
            let range = anchor(of: offsets[position], in: scalars)
            let met = spans.indices.filter { spans[$0].overlaps(range) }
            if met.count > 1 {
                let reason = "the token \"\(tokens[position])\" also belongs to span \(met[0]); join the two"
                throw .spanInvalid(index: met[1], reason: reason)
            }
            if let index = met.first { members[index].append(position) }
        }
        var grouped: [TextPlayer] = []
        for (index, span) in spans.enumerated() {
            if members[index].isEmpty {
                let reason = truncated ? "no token there; the text was truncated" : "no token there"
                throw .spanInvalid(index: index, reason: "\(span): \(reason)")
            }
            grouped.append(player(range: span, positions: members[index], scalars: scalars))
        }
        return grouped
    }

    /// The part of a token's range that decides where it belongs: its text without surrounding whitespace, and for a
    /// token of nothing but whitespace the character that follows (at the end, the one before).
    private func anchor(of range: Range<Int>, in scalars: [Unicode.Scalar]) -> Range<Int> {
        var start = range.lowerBound
        var end = range.upperBound
        while start < end, scalars[start].properties.isWhitespace { start += 1 }
        while end > start, scalars[end - 1].properties.isWhitespace { end -= 1 }
        if start < end { return start..<end }
        if let next = scalars[start...].firstIndex(where: { !$0.properties.isWhitespace }) { return next..<next + 1 }
        let previous = scalars[..<start].lastIndex { !$0.properties.isWhitespace } ?? 0
        return previous..<previous + 1
    }

    private func player(range: Range<Int>, positions: [Int], scalars: [Unicode.Scalar]) -> TextPlayer {
        var token = String.UnicodeScalarView()
        token.append(contentsOf: scalars[range])
        return TextPlayer(
            token: String(token), start: range.lowerBound, end: range.upperBound, ids: positions.map { ids[$0] },
            positions: positions)
    }

    /// The maximal runs without whitespace; in scripts written without spaces each character with its marks.
    private static func words(of scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start: Int?
        func end(at index: Int) {
            if let begun = start { words.append(begun..<index) }
            start = nil
        }
        for (index, scalar) in scalars.enumerated() {
            if scalar.properties.isWhitespace {
                end(at: index)
                continue
            }
            if let begun = start, scalars[begun].isWrittenWithoutSpaces || scalar.isWrittenWithoutSpaces,
                !scalar.isMark
            {
                end(at: index)
            }
            if start == nil { start = index }
        }
        end(at: scalars.count)
        return words
    }

    /// For each scalar the word it is in; for whitespace the word before (at the beginning, the first).
    private static func wordIndices(_ words: [Range<Int>], count: Int) -> [Int] {
        var indices = [Int](repeating: 0, count: count)
        for (word, range) in words.enumerated() {
            let next = word + 1 < words.count ? words[word + 1].lowerBound : count
            for index in range.lowerBound..<next { indices[index] = word }
        }
        return indices
    }
}

extension Unicode.Scalar {
    /// Whether it is of a script that puts no spaces between words: Thai to Lao, Myanmar, Khmer, kana, ideographs.
    fileprivate var isWrittenWithoutSpaces: Bool {
        switch value {
        case 0x0E01...0x0EDF, 0x1000...0x109F, 0x1780...0x17DD, 0x3005...0x3007, 0x3041...0x30FF, 0x31F0...0x31FF,
            0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0xFF66...0xFF9F, 0x20000...0x3FFFD:
            return true
        default: return false
        }
    }

    /// Whether it belongs to the character before it.
    fileprivate var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark, .format: return true
        default: return false
        }
    }
}
