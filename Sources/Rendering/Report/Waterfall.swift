/// What adds up: from the value of nothing shown to that of all shown, one player or one group of players a step.
///
/// A step is the players' share of the estimate, a_i + ½ Σ_j a_ij, which gives each player half of every pair it is
/// in. For an estimate of order 2 these are its Shapley values, whatever the index, and they sum to its value of all
/// less that of nothing. The model's own two values stand at the ends; what the estimate misses is a step of its own.
package struct Waterfall: Sendable, Equatable {
    package struct Step: Sendable, Equatable {
        package var name: String
        /// In logits.
        package var value: Double
        /// Which of the colours for regions, where it is a word or the patches of a word that has one.
        package var color: Int?
        /// Whether it is what the estimate does not hold.
        package var isMissed = false

        package init(name: String, value: Double, color: Int? = nil, isMissed: Bool = false) {
            self.name = name
            self.value = value
            self.color = color
            self.isMissed = isMissed
        }
    }

    /// The model's value of nothing shown.
    package var start: Double
    package var steps: [Step]
    /// The model's value of all shown.
    package var end: Double

    package init(start: Double, steps: [Step], end: Double) {
        self.start = start
        self.steps = steps
        self.end = end
    }

    /// Words beyond this many are one step.
    private static let mostWords = 6
}

extension Waterfall {
    /// - Parameters:
    ///   - shares: of each player that there was before some were joined.
    ///   - players: the number in `picture` of each of those.
    ///   - regions: whose patches are a step each.
    init(_ picture: Picture, shares single: [Double], of players: [Int], regions: [WordRegion]) {
        var shares = [Double](repeating: 0, count: picture.playerCount)
        for (player, share) in zip(players, single) { shares[player] += share }
        start = Measured(picture.similarity.emptyValue).value
        end = Measured(picture.similarity.fullValue).value
        let colors = Dictionary(regions.map { ($0.word, $0.color) }) { first, _ in first }
        func size(_ player: Int) -> Double { abs(shares[player]) }
        let byStrength = picture.wordPlayers.sorted { size($0) != size($1) ? size($0) > size($1) : $0 < $1 }
        let own = byStrength.count <= Self.mostWords + 1 ? byStrength : Array(byStrength.prefix(Self.mostWords))
        steps = own.sorted().map {
            Step(name: picture.longName($0), value: shares[$0], color: colors[$0])
        }
        func add(_ players: [Int], _ name: String, color: Int? = nil) {
            guard !players.isEmpty else { return }
            steps.append(Step(name: name, value: players.reduce(0) { $0 + shares[$1] }, color: color))
        }
        let rest = byStrength.dropFirst(own.count)
        add(Array(rest), "\(rest.count) other \(picture.textKind.plural)")
        var left = Set(picture.patchPlayers)
        // A patch of two words counts for the one it has the larger pair with.
        let owners = picture.patchPlayers.map { patch in
            regions.filter { $0.patches.contains(patch) }.max {
                picture.pair(patch, $0.word).value < picture.pair(patch, $1.word).value
            }?.word
        }
        for region in regions {
            let patches = region.patches.filter { owners[$0] == region.word }
            left.subtract(patches)
            add(patches, "patches of \(picture.longName(region.word))", color: region.color)
        }
        let others = left.sorted()
        let kind = regions.isEmpty ? "" : "other "
        add(others.filter { shares[$0] > 0 }, "\(kind)raising patches")
        add(others.filter { shares[$0] < 0 }, "\(kind)lowering patches")
        let missed = end - start - steps.reduce(0) { $0 + $1.value }
        steps.append(Step(name: "missed by the estimate", value: missed, isMissed: true))
    }

    /// The running values before and after each step.
    package var levels: [(from: Double, to: Double)] {
        var level = start
        return steps.map { step in
            defer { level += step.value }
            return (level, level + step.value)
        }
    }
}

extension Picture {
    /// a_i + ½ Σ_j a_ij of each player, `[n]`; zero for what is not finite.
    var shares: [Double] {
        var result = (0..<playerCount).map { Measured(estimate.first[$0]).value }
        guard let pairs = estimate.pairs else { return result }
        var position = 0
        for i in 0..<playerCount {
            for j in i + 1..<max(i + 1, playerCount) {
                let half = Measured(pairs[position]).value / 2
                result[i] += half
                result[j] += half
                position += 1
            }
        }
        return result
    }

    /// What the estimate predicts where nothing is shown, and where all is.
    var predictedEnds: (empty: Double, full: Double) {
        let empty = Measured(similarity.emptyValue + estimate.baseline).value
        return (empty, empty + shares.reduce(0, +))
    }
}
