import Foundation

/// Coalitions of the image's and the text's players drawn together: every draw is one pair of masks, as the paper's
/// reference implementation samples where it does not cross the two sides.
///
/// Draw k depends on (seed, k), the players and the distribution alone. The first two masks of a budget are the full
/// and the empty coalition, which weigh nothing unless they are drawn; where the budget reaches 2^players, all
/// coalitions are enumerated.
package struct JointDraws: Sendable, Equatable {
    package let imagePlayers: Int
    package let textPlayers: Int
    package let distribution: CoalitionDistribution
    package let seed: UInt64
    /// Whether each coalition at an even index is followed by its complement.
    package let paired: Bool
    private let source: Source

    private enum Source: Equatable {
        case bernoulli(MaskSequence)
        case shapley(ShapleyKernel)
    }

    /// Streams of random numbers that the masks of no side use.
    private static let bernoulliNode = 0x400000
    private static let shapleyStream: UInt32 = 0x400001

    /// - Throws: ``InteractionError`` for a probability outside (0, 1), for `paired` where a complement is not as
    ///   likely as its mask, and for the Shapley kernel of fewer than 2 players.
    package init(
        imagePlayers: Int, textPlayers: Int, distribution: CoalitionDistribution, seed: UInt64 = 0, paired: Bool = false
    ) throws(InteractionError) {
        let players = imagePlayers + textPlayers
        switch distribution {
        case .bernoulli(let p):
            source = .bernoulli(
                try MaskSequence(
                    players: players, probability: p, seed: seed, modality: .image, node: Self.bernoulliNode,
                    paired: paired))
        case .shapley:
            guard players >= 2 else { throw .invalidPlayers("the Shapley kernel needs at least 2 players") }
            source = .shapley(ShapleyKernel(players: players))
        }
        self.imagePlayers = imagePlayers
        self.textPlayers = textPlayers
        self.distribution = distribution
        self.seed = seed
        self.paired = paired
    }

    /// Players of both sides; those of the image come first.
    package var players: Int { imagePlayers + textPlayers }

    /// The coalition of draw `index`.
    package subscript(index: Int) -> Coalition {
        switch source {
        case .bernoulli(let sequence): return sequence[index]
        case .shapley(let kernel):
            if paired && index & 1 == 1 { return self[index - 1].complement }
            var generator = CounterGenerator(
                seed: seed, stream: Self.shapleyStream, sequence: UInt32(truncatingIfNeeded: index))
            return kernel.coalition(&generator)
        }
    }

    /// The coalitions drawn for a budget of `masks` pairs, each once.
    func draws(upTo masks: Int) -> DrawnCoalitions {
        guard !Coalition.isEnumerable(players, within: masks) else { return DrawnCoalitions(enumerating: players) }
        let bySize: [Double]
        switch source {
        case .bernoulli(let sequence):
            let p = sequence.probability
            bySize = (0...players).map { Double($0) * log(p) + Double(players - $0) * log(1 - p) }
        case .shapley(let kernel): bySize = kernel.logDensities
        }
        return DrawnCoalitions((0..<max(0, masks - 2)).lazy.map { self[$0] }) { bySize[$0] }
    }

    /// What coalitions weigh in an estimate, adding up to 1: the share of the draws, or the exact weight where all are
    /// enumerated.
    func weights(_ drawn: DrawnCoalitions) -> [Double] {
        guard drawn.isEnumerated else {
            let total = drawn.counts.reduce(0, +)
            return drawn.counts.map { $0 / max(total, 1) }
        }
        switch source {
        case .bernoulli(let sequence): return drawn.exactWeights(probability: sequence.probability, players: players)
        case .shapley(let kernel):
            let bySize = kernel.logDensities.map { exp($0) }
            return drawn.coalitions.map { bySize[$0.size] }
        }
    }
}
