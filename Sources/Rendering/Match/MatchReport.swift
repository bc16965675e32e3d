import ShownText

/// What a drawing of two inputs shows, before any format.
struct MatchReport: Sendable {
    let picture: MatchPicture
    /// Pairs across the sides, strongest first.
    let pairs: [MeasuredPair]
    /// What is matched with what, in one colour each.
    let matches: [Match]
    /// How many pairs are listed.
    let topK: Int

    /// Players of the first side and players of the second that go together.
    struct Match: Sendable, Equatable {
        var first: [Int]
        var second: [Int]
    }

    /// Colours there are for matches.
    static let mostMatches = 3
    /// A player belongs to a match where its pair has at least this part of the strongest one's value.
    private static let leastShare = 0.4

    init(_ picture: MatchPicture, _ options: PictureOptions) throws(RenderError) {
        try options.check()
        guard options.view == .overview || options.view == .pairs else { throw .viewNotComparable }
        let (first, second) = (picture.first.count, picture.second.count)
        let players = first + second
        for (field, found, expected) in [
            ("estimate.firstOrderReading", picture.estimate.firstOrderReading.count, players),
            ("estimate.pairs", picture.estimate.pairs?.count, players * (players - 1) / 2),
            ("estimate.pairErrors", picture.estimate.pairErrors?.count, players * (players - 1) / 2),
            ("estimate.readingErrors", picture.estimate.readingErrors?.count, players),
        ] {
            if let found, found != expected { throw .lengthMismatch(field: field, expected: expected, found: found) }
        }
        self.picture = picture
        topK = options.topK
        var found: [MeasuredPair] = []
        if picture.estimate.pairs != nil {
            for i in 0..<first {
                for j in 0..<second {
                    let measured = picture.pair(i, first + j)
                    if measured.value != 0 { found.append(MeasuredPair(a: i, b: first + j, measured: measured)) }
                }
            }
        }
        pairs = found.sorted { x, y in
            let (a, b) = (abs(x.measured.value), abs(y.measured.value))
            return a != b ? a > b : (x.a, x.b) < (y.a, y.b)
        }
        matches = Self.matches(pairs, picture)
    }

    /// From the strongest pair that raises the value, what its two players are matched with; then from the strongest of
    /// what is left.
    private static func matches(_ pairs: [MeasuredPair], _ picture: MatchPicture) -> [Match] {
        let (first, second) = (picture.first.count, picture.second.count)
        var (left, right) = (Set(0..<first), Set(0..<second))
        var result: [Match] = []
        guard let strongest = pairs.first(where: { $0.measured.value > 0 })?.measured.value else { return [] }
        while result.count < mostMatches {
            guard
                let seed = pairs.first(where: {
                    $0.measured.value > 0 && left.contains($0.a) && right.contains($0.b - first)
                }), seed.measured.value >= 0.25 * strongest
            else { break }
            let least = leastShare * seed.measured.value
            let ofFirst = left.filter { picture.pair($0, seed.b).value >= least }
            let ofSecond = right.filter { picture.pair(seed.a, first + $0).value >= least }
            result.append(Match(first: ofFirst.sorted(), second: ofSecond.sorted()))
            left.subtract(ofFirst)
            right.subtract(ofSecond)
        }
        return result
    }

    /// What each player has in common with the other side; where that has no players, its own value.
    func common(_ side: Int) -> [Measured] {
        let (first, second) = (picture.first.count, picture.second.count)
        guard first > 0, second > 0, picture.estimate.pairs != nil else {
            let range = side == 0 ? 0..<first : first..<first + second
            return range.map { player in
                Measured(
                    picture.estimate.firstOrderReading[player], picture.estimate.readingErrors.map { $0[player] })
            }
        }
        return (0..<(side == 0 ? first : second)).map { own in
            var (sum, square, known) = (0.0, 0.0, true)
            for other in 0..<(side == 0 ? second : first) {
                let pair = side == 0 ? picture.pair(own, first + other) : picture.pair(other, first + own)
                sum += pair.value
                if let error = pair.error { square += error * error } else { known = false }
            }
            return Measured(sum, known ? square.squareRoot() : nil)
        }
    }

    var commonScale: Double { (common(0) + common(1)).map { abs($0.value) }.max() ?? 0 }
    var pairScale: Double { pairs.first.map { abs($0.measured.value) } ?? 0 }
    var shown: [MeasuredPair] { Array(pairs.prefix(topK)) }

    func name(_ pair: MeasuredPair) -> String {
        "\(picture.first.name(pair.a)) ↔ \(picture.second.name(pair.b - picture.first.count))"
    }

    /// Decimals of pairs: cosines of patches are small.
    var decimals: Int { pairScale < 0.05 ? 4 : max(3, NumberText.decimals(for: pairScale)) }

    func text(_ pair: MeasuredPair) -> String { NumberText.withError(pair.measured, decimals: decimals) }

    var title: String {
        switch (picture.first, picture.second) {
        case (.image, .image): "Which patch matches which"
        case (.text, .text): "Which word matches which"
        case (_, .vector): "What matches \(picture.second.title)"
        default: "What matches what"
        }
    }

    /// `0.71 cosine, 0.32 with nothing shown · 0.24 of it in the pairs across`
    var similarityLine: String {
        func number(_ value: Double) -> String { NumberText.plain(value, decimals: 3) }
        let whole = "\(number(picture.fullValue)) \(picture.unit), \(number(picture.emptyValue)) with nothing shown"
        guard picture.second.count > 0 else { return whole }
        return "\(number(picture.centeredValue)) \(picture.unit) that the two have in common (\(whole))"
    }

    var methodLine: String {
        let estimate = picture.estimate
        let index = estimate.index == .banzhaf ? "weighted Banzhaf, p = \(estimate.p)" : "faithful Shapley"
        let masks = [(estimate.imageMasks, "image"), (estimate.textMasks, "text")].filter { $0.0 > 0 }
            .map { "\($0.0) \($0.1) masks" }.joined(separator: ", ")
        let left = estimate.looR2.map { ", leave-one-out R² \(NumberText.plain($0, decimals: 2))" } ?? ""
        return "\(picture.model) · \(index), order \(estimate.order) · \(masks)\(left)"
    }

    var summary: String {
        let strongest = shown.prefix(3).map { "\(name($0)) \(text($0))" }.joined(separator: "; ")
        return "\(similarityLine). \(strongest)"
    }
}

extension MatchPicture {
    /// The interaction of two players of different sides, i < j.
    func pair(_ i: Int, _ j: Int) -> Measured {
        guard let pairs = estimate.pairs else { return Measured(0) }
        let players = first.count + second.count
        let position = i * (2 * players - i - 1) / 2 + (j - i - 1)
        return Measured(pairs[position], estimate.pairErrors?[position])
    }
}
