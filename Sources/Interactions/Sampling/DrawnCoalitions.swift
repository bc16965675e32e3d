/// Distinct coalitions of a plan, before any weighting.
package struct DrawnCoalitions: Sendable {
    package let coalitions: [Coalition]
    /// How often each was drawn; 1 when enumerated.
    package let counts: [Double]
    /// The natural logarithm of the probability of drawing each; 0 when enumerated.
    package let logDensities: [Double]
    /// Whether these are all coalitions.
    package let isEnumerated: Bool

    /// All coalitions of `players` players.
    init(enumerating players: Int) {
        coalitions = Coalition.all(of: players)
        counts = [Double](repeating: 1, count: coalitions.count)
        logDensities = [Double](repeating: 0, count: coalitions.count)
        isEnumerated = true
    }

    /// Draws counted, in the order in which each coalition came first.
    ///
    /// - Parameter logDensity: the log density of a coalition of the size given.
    init(_ draws: some Sequence<Coalition>, logDensity: (Int) -> Double) {
        var order: [Coalition] = []
        var counts: [Coalition: Double] = [:]
        for coalition in draws {
            if let count = counts[coalition] {
                counts[coalition] = count + 1
            } else {
                order.append(coalition)
                counts[coalition] = 1
            }
        }
        coalitions = order
        self.counts = order.map { counts[$0] ?? 0 }
        logDensities = order.map { logDensity($0.size) }
        isEnumerated = false
    }

    /// The probability of each coalition where every player is present with probability `p`.
    func exactWeights(probability p: Double, players: Int) -> [Double] {
        let bySize = (0...players).map { power(p, $0) * power(1 - p, players - $0) }
        return coalitions.map { bySize[$0.size] }
    }
}

/// Distinct coalitions with weights that add up to 1.
package struct WeightedCoalitions: Sendable {
    package let coalitions: [Coalition]
    package let weights: [Double]
}

extension Coalition {
    /// Whether a budget of `masks` masks reaches all coalitions of `players` players.
    package static func isEnumerable(_ players: Int, within masks: Int) -> Bool {
        players < 40 && masks >= 1 << players
    }

    /// All coalitions: full, empty, then by the number their bits form.
    static func all(of players: Int) -> [Coalition] {
        guard players > 0 else { return [Coalition(empty: 0)] }
        var result = [Coalition(full: players), Coalition(empty: players)]
        for bits in 1..<max(1, (1 << players) - 1) { result.append(Coalition(bits: bits, of: players)) }
        return result
    }
}
