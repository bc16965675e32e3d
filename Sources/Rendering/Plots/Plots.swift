/// A term of the estimate: one player, or a pair.
package struct Term: Sendable, Equatable {
    package var players: [Int]
    var measured: Measured
}

extension Report {
    /// The figure that a document begins with.
    package func figure(id: String, width: Double, interactive: Bool = false) -> Figure {
        guard case .plot(let plot) = view else {
            return LinkFigure(report: self, id: id, width: width, interactive: interactive).figure()
        }
        switch plot {
        case .waterfall: return waterfall.map { WaterfallFigure(waterfall: $0, width: width).figure() } ?? .none
        case .force: return waterfall.map { ForceFigure(waterfall: $0, width: width).figure() } ?? .none
        case .network: return NetworkFigure(report: self, id: id, width: width).figure()
        case .upset: return UpsetFigure(report: self, id: id, width: width).figure()
        }
    }

    /// Whether it is one plot and nothing else.
    var isPlot: Bool { if case .plot = view { true } else { false } }

    /// What a plot shows; empty in other views.
    var plotKey: String {
        guard case .plot(let plot) = view else { return "" }
        switch plot {
        case .waterfall: return waterfallKey
        case .force:
            return "What raises the match pushes from the left, what lowers it from the right. \(waterfallKey)"
        case .network:
            return "A curve is a pair, thicker where it is stronger; discs and frames grow with a player's own weight. "
                + pairMeaning
        case .upset:
            return "The terms of the estimate: what it predicts for a part is the sum of the terms that lie within it."
        }
    }

    /// The strongest terms, single players and pairs together, twice as many as pairs of one kind are listed.
    package var terms: [Term] {
        let single = (0..<picture.playerCount).map {
            Term(
                players: [$0], measured: Measured(picture.estimate.first[$0], picture.estimate.firstErrors?[$0]))
        }
        let pairs = strongestOfAllKinds.map { Term(players: [$0.a, $0.b], measured: $0.measured) }
        let strongest = (single + pairs).filter { $0.measured.value != 0 }.sorted { x, y in
            let (sizeX, sizeY) = (abs(x.measured.value), abs(y.measured.value))
            return sizeX != sizeY ? sizeX > sizeY : x.players.lexicographicallyPrecedes(y.players)
        }
        return Array(strongest.prefix(2 * topK))
    }

    /// Pairs of all kinds together, twice as many as are listed of one.
    var strongestOfAllKinds: [MeasuredPair] { picture.strongestPairs(count: 2 * topK) }
}

extension Figure {
    static let none = Figure(width: 0, height: 0, markup: "")
}
