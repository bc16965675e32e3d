/// What a view shows, before any format: the values on the image, on the words, the links and the lists.
package struct Report: Sendable {
    var picture: Picture
    var view: PictureOptions.View
    /// The player a `token` or `patch` view is about.
    var focus: Int?
    /// One value per patch, drawn over the image; empty for none.
    var heat: [Measured]
    /// One value per word; nil for the word in focus.
    var wordValues: [Measured?]
    /// Pairs drawn as curves, strongest first.
    package var links: [MeasuredPair]
    /// The strongest words with the patches they have their meaning from, linked by colour.
    package var regions: [WordRegion]
    /// Words with a heat map of their own.
    var maps: [Int]
    var tables: [PairTable]
    /// The steps that add up to the score, in the overview.
    package var waterfall: Waterfall?
    /// Named parts of the pair.
    var subsets: [Picture.Subset]
    /// What the estimate predicts where nothing is shown, and where all is.
    package var predictedEnds: (empty: Double, full: Double)
    var scales: Scales
    /// How many of the strongest pairs of a word and a patch are listed.
    var topK: Int
    var map: PictureOptions.MapStyle
    /// Whether only the caption, the picture and the words are drawn.
    var isCompact: Bool

    /// Heat maps beyond this many are left out; a caption that long has many words of little weight.
    static let mostMaps = 24

    struct PairTable: Sendable {
        var title: String
        var pairs: [MeasuredPair]
    }

    /// The largest absolute value of each family of quantities; colours and bars are relative to these.
    struct Scales: Sendable, Equatable {
        var patch: Double
        var word: Double
        /// Pairs of a word and a patch.
        var crossPair: Double
        /// Pairs of two patches or of two words.
        var samePair: Double

        /// The scales that hold both pictures.
        func joined(with other: Scales) -> Scales {
            Scales(
                patch: max(patch, other.patch), word: max(word, other.word),
                crossPair: max(crossPair, other.crossPair), samePair: max(samePair, other.samePair))
        }
    }

    package init(_ picture: Picture, options: PictureOptions) throws(RenderError) {
        try self.init(picture, options: options, scales: nil)
    }

    init(_ picture: Picture, options: PictureOptions, scales: Scales?) throws(RenderError) {
        try picture.check()
        try options.check()
        // What adds up is of all tokens: a joined one stands in no pair with itself.
        let (whole, shares) = (picture, picture.shares)
        predictedEnds = picture.predictedEnds
        let (picture, players) = picture.joiningSharedCharacters()
        self.picture = picture
        subsets = []
        self.view = options.view
        map = options.map
        isCompact = options.isCompact
        topK = options.topK
        self.scales = scales ?? picture.scales
        focus = try picture.player(for: options.view.renumbered(players))
        regions = []
        let kinds = picture.textKind.plural
        let capitalKinds = kinds.prefix(1).uppercased() + kinds.dropFirst()
        let (strong, few) = (options.topK, (options.topK + 1) / 2)
        switch options.view {
        case .overview:
            heat = picture.patchPlayers.map(picture.reading)
            wordValues = picture.wordPlayers.map(picture.reading)
            let cross = picture.strongestPairs(.wordPatch, count: strong)
            let patches = picture.strongestPairs(.patchPatch, count: few)
            regions = WordRegion.strongest(in: picture)
            links = picture.strikingPairs(besides: regions)
            subsets = (whole.subsets.isEmpty ? whole.namedSubsets() : whole.subsets).map {
                var subset = $0
                subset.word = players[subset.word]
                return subset
            }
            waterfall = Waterfall(picture, shares: shares, of: players, regions: regions)
            maps = picture.estimate.pairs == nil ? [] : picture.wordsWithStrongestPairs(count: Self.mostMaps)
            tables = [
                PairTable(title: "\(capitalKinds) and patches", pairs: cross),
                PairTable(
                    title: "\(capitalKinds) among themselves", pairs: picture.strongestPairs(.wordWord, count: few)),
                PairTable(title: "Patches among themselves", pairs: patches),
            ]
        case .pairs:
            heat = []
            wordValues = picture.wordPlayers.map(picture.reading)
            let cross = picture.strongestPairs(.wordPatch, count: strong)
            let patches = picture.strongestPairs(.patchPatch, count: few)
            links = cross + patches
            maps = []
            tables = [
                PairTable(title: "\(capitalKinds) and patches", pairs: cross),
                PairTable(
                    title: "\(capitalKinds) among themselves", pairs: picture.strongestPairs(.wordWord, count: few)),
                PairTable(title: "Patches among themselves", pairs: patches),
            ]
        case .plot(let plot):
            heat = []
            wordValues = picture.wordPlayers.map(picture.reading)
            links = []
            maps = []
            tables = []
            switch plot {
            case .waterfall, .force:
                waterfall = Waterfall(picture, shares: shares, of: players, regions: WordRegion.strongest(in: picture))
            case .network, .upset:
                let all = picture.strongestPairs(count: 2 * options.topK)
                tables = [PairTable(title: "Pairs of every kind", pairs: all)]
            }
        case .token, .patch:
            let player = focus ?? 0
            heat = picture.patchPlayers.map { picture.pair(player, $0) }
            wordValues = picture.wordPlayers.map { $0 == player ? nil : picture.pair(player, $0) }
            let patches = picture.strongestPartners(of: player, in: picture.patchPlayers, count: strong)
            let words = picture.strongestPartners(
                of: player, in: picture.wordPlayers, count: picture.isWord(player) ? few : strong)
            links = picture.isWord(player) ? patches : words + patches.prefix(few)
            maps = []
            tables = [
                PairTable(title: "With patches", pairs: patches), PairTable(title: "With \(kinds)", pairs: words),
            ]
        }
        tables.removeAll { $0.pairs.isEmpty }
    }

    /// The scale of `heat`.
    var heatScale: Double {
        guard let focus else { return scales.patch }
        return picture.isWord(focus) ? scales.crossPair : scales.samePair
    }

    /// The scale of `wordValues`.
    var wordScale: Double {
        guard let focus else { return scales.word }
        return picture.isWord(focus) ? scales.samePair : scales.crossPair
    }

    func scale(of pair: MeasuredPair) -> Double {
        picture.isWord(pair.a) == picture.isWord(pair.b) ? scales.samePair : scales.crossPair
    }

    /// Words with a row of their own, in the caption's order: all of a short caption, else the strongest.
    package var rowWords: [Int] {
        let indices = Array(picture.words.indices)
        guard indices.count > Self.mostRows else { return indices }
        func size(_ word: Int) -> Double { wordValues[word].map { abs($0.value) } ?? .infinity }
        let linked = Set(
            (regions.map(\.word) + links.flatMap { [$0.a, $0.b] }).filter(picture.isWord).map {
                $0 - picture.patchCount
            })
        let order = indices.sorted { x, y in
            let (linkedX, linkedY) = (linked.contains(x), linked.contains(y))
            if linkedX != linkedY { return linkedX }
            return size(x) != size(y) ? size(x) > size(y) : x < y
        }
        return order.prefix(Self.mostRows).sorted()
    }

    /// Rows for more words than this are not read but skipped over.
    private static let mostRows = 16

    /// Whether any value comes with a standard error.
    var hasErrors: Bool {
        picture.estimate.readingErrors != nil || picture.estimate.pairErrors != nil
    }
}

extension Picture {
    var scales: Report.Scales {
        func largest(_ values: some Sequence<Double>) -> Double { values.reduce(0) { max($0, abs($1)) } }
        var same = 0.0
        var cross = 0.0
        if estimate.pairs != nil {
            for a in 0..<playerCount {
                for b in a + 1..<max(a + 1, playerCount) {
                    let size = abs(pair(a, b).value)
                    if isWord(a) == isWord(b) { same = max(same, size) } else { cross = max(cross, size) }
                }
            }
        }
        return Report.Scales(
            patch: largest(patchPlayers.map { reading($0).value }),
            word: largest(wordPlayers.map { reading($0).value }),
            crossPair: cross, samePair: same)
    }
}
