import ShownText

/// Sentences that every format shares.
extension Report {
    /// "24.1 logits, 11.2 with nothing shown · cosine 0.312".
    var similarityLine: String {
        let similarity = picture.similarity
        let decimals = NumberText.decimals(for: max(abs(similarity.fullValue), abs(similarity.emptyValue)))
        var parts = [
            "\(NumberText.plain(similarity.fullValue, decimals: decimals)) logits, "
                + "\(NumberText.plain(similarity.emptyValue, decimals: decimals)) with nothing shown",
            "cosine \(NumberText.plain(similarity.cosine, decimals: 3))",
        ]
        if let probability = similarity.probability {
            parts.append("probability \(NumberText.plain(probability, decimals: 3))")
        }
        return parts.joined(separator: " · ")
    }

    /// "demo · scene-02.png".
    var sourceLine: String {
        [picture.model, picture.title].filter { !$0.isEmpty }.joined(separator: " · ")
    }

    /// What the model did not read of the caption; empty where it read all of it.
    private var truncationLine: String {
        picture.isTruncated ? "The caption is longer than the model reads; its end is left out." : ""
    }

    /// What the model does not take in; a sentence each.
    var unseenLines: [String] { [cropLine, truncationLine].filter { !$0.isEmpty } }

    /// What the model does not see of the picture; empty where it sees all of it.
    private var cropLine: String {
        guard let seen = picture.seenBox else { return "" }
        let (width, height) = (Int((seen.x1 - seen.x0).rounded()), Int((seen.y1 - seen.y0).rounded()))
        return "The model sees only \(width) × \(height) of \(picture.image.width) × \(picture.image.height) pixels."
    }

    /// The main result in a sentence or two; empty in views of one player.
    package var lead: String {
        guard view == .overview, !picture.words.isEmpty else { return "" }
        let decimals = NumberText.decimals(for: scales.word)
        func told(_ sign: Double, _ verb: String) -> String? {
            let strong = picture.wordPlayers.filter {
                let reading = picture.reading($0)
                return reading.value * sign >= scales.word / 2 && reading.value != 0 && reading.isClear
            }
            guard !strong.isEmpty, strong.count <= 3 else { return nil }
            let names = strong.map {
                "\(picture.longName($0)) (\(NumberText.signed(picture.reading($0).value, decimals: decimals)))"
            }
            return "\(Self.listed(names)) \(verb)\(names.count == 1 ? "s" : "") the match most."
        }
        let words = [told(1, "raise"), told(-1, "lower")].compactMap { $0 }
        let pair = links.first { picture.isWord($0.a) }.map { pair -> String in
            let size = NumberText.plain(abs(pair.measured.value), decimals: decimals)
            return "Together, \(picture.longName(pair.a)) and \(picture.longName(pair.b)) add \(size) "
                + (pair.measured.value < 0 ? "less than one by one." : "more than one by one.")
        }
        return (words + (pair.map { [$0] } ?? [])).joined(separator: " ")
    }

    /// "a", "a and b", "a, b and c".
    private static func listed(_ names: [String]) -> String {
        guard let last = names.last, names.count > 1 else { return names.first ?? "" }
        return "\(names.dropLast().joined(separator: ", ")) and \(last)"
    }

    /// What the tint of a word and the number under it mean.
    var captionKey: String {
        guard !picture.words.isEmpty else { return "" }
        let partner = focus.map { picture.isWord($0) ? picture.longName($0) : "this patch" }
        let value = partner.map { "its pair with \($0)" } ?? "its weight"
        let paler = hasErrors ? ", paler where uncertain" : ""
        return
            "Under each \(picture.textKind.singular) \(value) in logits: orange raises the match, blue lowers it\(paler). "
            + (focus == nil ? weightMeaning : pairMeaning)
    }

    /// What the value of one player means.
    private var weightMeaning: String {
        "A weight is what the \(picture.textKind.singular) adds to \(context), on average."
    }

    /// What the value of a pair means.
    var pairMeaning: String {
        "A pair is what two add together beyond what each adds alone, to \(context), on average."
    }

    /// What a player is added to.
    private var context: String {
        if picture.estimate.index == .shapley { return "those before it, over all orders of words and patches" }
        let p = picture.estimate.p
        return p == 0.5
            ? "a random half of everything else"
            : "a random part of everything else, each there with probability \(NumberText.trimmedPlain(p))"
    }

    /// What the waterfall's steps are.
    var waterfallKey: String {
        let half = picture.estimate.pairs == nil ? "" : ", with half of every pair it is in"
        return "Each step is what it adds\(half); the model's own values stand at both ends."
    }

    /// What the list of named parts compares.
    var subsetKey: String {
        let asked = subsets.contains { $0.modelValue != nil }
        return "What the estimate predicts where only a part is shown"
            + (asked || subsets.isEmpty
                ? ", beside what the model says." : "; the model was asked for the whole and for nothing.")
    }

    static let waterfallTitle = "How it adds up"
    static let subsetTitle = "Parts of it"

    /// How the values were made, for the foot of the page.
    var methodLine: String {
        let estimate = picture.estimate
        let name =
            estimate.index == .shapley ? "Shapley interactions (FSII)" : "Weighted Banzhaf interactions (FWBII)"
        var parts = [name]
        if estimate.index == .banzhaf { parts.append("p = \(NumberText.trimmedPlain(estimate.p))") }
        parts.append("order \(estimate.order)")
        parts.append(estimate.estimator == .leastSquares ? "least squares" : "ridge")
        parts.append(
            estimate.isJointlySampled
                ? "\(estimate.imageMasks) pairs of masks"
                : "\(estimate.imageMasks) image and \(estimate.textMasks) text masks")
        if let r2 = estimate.looR2, r2.isFinite {
            parts.append("leave-one-out R² \(NumberText.plain(r2, decimals: 2))")
        }
        return parts.joined(separator: " · ")
    }

    package var viewTitle: String {
        switch view {
        case .overview: "What the match is made of"
        case .pairs: "What works together"
        case .plot(.waterfall): Self.waterfallTitle
        case .plot(.force): "What raises the match, what lowers it"
        case .plot(.network): "Which work together"
        case .plot(.upset): "The strongest terms of the estimate"
        case .token, .patch: focus.map { "What \(picture.longName($0)) works with" } ?? ""
        }
    }

    var mapsTitle: String {
        maps.count < picture.words.count
            ? "The \(maps.count) strongest of \(picture.words.count) \(picture.textKind.plural) on the image"
            : "Each \(picture.textKind.singular) on the image"
    }

    /// What the colours on the image mean.
    var heatTitle: String {
        guard let focus else { return "patch, logits" }
        return picture.isWord(focus)
            ? "pair of \(picture.longName(focus)) and patch, logits" : "pair with this patch, logits"
    }

    /// What the words without a row come to; empty where each has one.
    package var otherWordsLine: String {
        let others = Set(picture.words.indices).subtracting(rowWords)
        guard !others.isEmpty else { return "" }
        let most = others.compactMap { wordValues[$0] }.reduce(0) { max($0, abs($1.value)) }
        let size = NumberText.plain(most, decimals: NumberText.decimals(for: wordScale))
        return "\(others.count) other \(picture.textKind.plural), none beyond ±\(size)"
    }

    /// What the bars of the words mean.
    var wordTitle: String {
        let kind = picture.textKind.singular
        guard let focus else { return "\(kind), logits" }
        return picture.isWord(focus)
            ? "pair of \(picture.longName(focus)) and \(kind), logits" : "pair of this patch and \(kind), logits"
    }

    /// "“snake” × row 2, column 6"; in a view of one player only the other one's name.
    func name(of pair: MeasuredPair) -> String {
        if let focus { return picture.longName(pair.a == focus ? pair.b : pair.a) }
        return picture.isWord(pair.b) && !picture.isWord(pair.a)
            ? "\(picture.longName(pair.b)) × \(picture.longName(pair.a))"
            : "\(picture.longName(pair.a)) × \(picture.longName(pair.b))"
    }

    /// "snake × r2 c6".
    func shortName(of pair: MeasuredPair) -> String {
        if let focus { return picture.shortName(pair.a == focus ? pair.b : pair.a) }
        let wordFirst = picture.isWord(pair.b) && !picture.isWord(pair.a)
        return "\(picture.shortName(wordFirst ? pair.b : pair.a)) × \(picture.shortName(wordFirst ? pair.a : pair.b))"
    }

    func text(of pair: MeasuredPair) -> String {
        NumberText.withError(pair.measured, decimals: NumberText.decimals(for: scale(of: pair)))
    }

    /// One sentence that says the main result in words, for readers who cannot see the drawing.
    var summary: String {
        var text = "\(viewTitle). Caption: \(picture.caption). \(similarityLine)."
        if let strongest = tables.first?.pairs.first {
            text += " Strongest: \(name(of: strongest)), \(self.text(of: strongest)) logits."
        }
        return text
    }
}

extension NumberText {
    /// Up to three decimals, none that are zero: `0.5`.
    static func trimmedPlain(_ value: Double) -> String {
        var text = Substring(plain(value, decimals: 3))
        while text.contains("."), text.hasSuffix("0") || text.hasSuffix(".") { text.removeLast() }
        return String(text)
    }
}
