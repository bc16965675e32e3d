import ShownText

/// A value with its standard error, where one is known. Non-finite numbers become 0 and "unknown".
package struct Measured: Sendable, Equatable {
    package var value: Double
    var error: Double?

    package init(_ value: Double, _ error: Double? = nil) {
        self.value = value.isFinite ? value : 0
        self.error = error.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
    }

    /// How much of the value stands clear of its error: v² / (v² + se²), 1 without an error.
    var confidence: Double {
        guard let error, error > 0 else { return 1 }
        return value * value / (value * value + error * error)
    }
}

extension NumberText {
    /// `+1.50 ± 0.10`; without an error only the value.
    static func withError(_ measured: Measured, decimals: Int) -> String {
        let value = signed(measured.value, decimals: decimals)
        guard let error = measured.error else { return value }
        return "\(value) ± \(plain(error, decimals: decimals))"
    }
}

extension Picture {
    var patchCount: Int { patches.boxes.count }
    var playerCount: Int { patchCount + words.count }
    var patchPlayers: Range<Int> { 0..<patchCount }
    var wordPlayers: Range<Int> { patchCount..<playerCount }

    package func isWord(_ player: Int) -> Bool { player >= patchCount }

    /// The first-order reading of one player.
    package func reading(_ player: Int) -> Measured {
        Measured(estimate.firstOrderReading[player], estimate.readingErrors?[player])
    }

    /// The interaction of two different players, in either order; zero without pairs.
    func pair(_ a: Int, _ b: Int) -> Measured {
        guard let pairs = estimate.pairs, a != b else { return Measured(0) }
        let (i, j) = a < b ? (a, b) : (b, a)
        let position = i * (2 * playerCount - i - 1) / 2 + (j - i - 1)
        return Measured(pairs[position], estimate.pairErrors?[position])
    }

    /// The part of the image that the patches cover, where that is not nearly all of it.
    var seenBox: Box? {
        guard let first = patches.boxes.first else { return nil }
        let seen = patches.boxes.dropFirst().reduce(first) {
            Box(x0: min($0.x0, $1.x0), y0: min($0.y0, $1.y0), x1: max($0.x1, $1.x1), y1: max($0.y1, $1.y1))
        }
        let (width, height) = (Double(image.width), Double(image.height))
        let most = max(seen.x0, seen.y0, width - seen.x1, height - seen.y1)
        // A hundredth is what a crop's rounding leaves out.
        return most > 0.01 * max(width, height) ? seen : nil
    }

    /// The caption's text under a text player without stops and commas at its end; its token where the span is empty or
    /// blank.
    func text(ofWord word: Int) -> String {
        let word = words[word]
        let scalars = Array(caption.unicodeScalars)[word.start..<word.end]
        let slice = String(String.UnicodeScalarView(scalars)).trimmed
        return (slice.isEmpty ? word.token.trimmed : slice).withoutEndPunctuation
    }

    /// A short name for labels: the word's text, or the patch's place counted from 1.
    func shortName(_ player: Int) -> String {
        if isWord(player) { return wordNames[player - patchCount].isolated }
        guard patches.formGrid else { return "region \(player + 1)" }
        return "r\(player / patches.columns + 1) c\(player % patches.columns + 1)"
    }

    /// A name for sentences and tables.
    func longName(_ player: Int) -> String {
        if isWord(player) {
            return "“\(wordNames[player - patchCount].isolated)”"
        }
        guard patches.formGrid else { return "region \(player + 1)" }
        return "row \(player / patches.columns + 1), column \(player % patches.columns + 1)"
    }

    /// The words' texts; a text that occurs again carries its number: a, dog, a (2).
    package var wordNames: [String] {
        var seen: [String: Int] = [:]
        return words.indices.map { index in
            let text = text(ofWord: index)
            seen[text, default: 0] += 1
            let count = seen[text] ?? 1
            return count == 1 ? text : "\(text) (\(count))"
        }
    }

    /// The player of a `token` or `patch` view, checked; the one with the largest reading by default.
    func player(for view: PictureOptions.View) throws(RenderError) -> Int? {
        let (kind, wanted, range): (String, Int?, Range<Int>)
        switch view {
        case .overview, .plot(.waterfall), .plot(.force), .plot(.upset): return nil
        case .pairs, .plot(.network):
            if estimate.pairs == nil { throw .noPairs(view: view == .pairs ? "pairs" : "network") }
            return nil
        case .token(let player): (kind, wanted, range) = ("token", player, wordPlayers)
        case .patch(let player): (kind, wanted, range) = ("patch", player, patchPlayers)
        }
        if estimate.pairs == nil { throw .noPairs(view: kind) }
        guard let player = wanted ?? strongest(in: range) else {
            throw .noPlayer(kind: kind == "token" ? "text" : "image")
        }
        if player < 0 || player >= playerCount { throw .playerOutOfRange(player: player, players: playerCount) }
        if !range.contains(player) {
            throw kind == "token"
                ? .notAToken(player: player, patches: patchCount) : .notAPatch(player: player, patches: patchCount)
        }
        return player
    }

    private func strongest(in range: Range<Int>) -> Int? {
        range.max { (abs(reading($0).value), -$0) < (abs(reading($1).value), -$1) }
    }
}

extension String {
    /// The text, set apart where it runs from right to left: a number beside it keeps its sign and its side.
    var isolated: String {
        unicodeScalars.contains(where: \.isRightToLeft) ? "\u{2068}\(self)\u{2069}" : self
    }

    /// The text without stops and commas at its end, unless it is nothing else.
    fileprivate var withoutEndPunctuation: String {
        guard let last = lastIndex(where: { !",.;:!?".contains($0) }) else { return self }
        return String(self[...last])
    }

    var trimmed: String {
        let scalars = unicodeScalars
        guard let first = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let last = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return "" }
        return String(scalars[first...last])
    }
}
