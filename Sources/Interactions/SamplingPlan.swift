import Foundation

/// A Bernoulli product measure that masks are drawn from, and its weight in the estimate.
public struct SamplingNode: Sendable, Equatable {
    /// The probability that a player is present.
    public let probability: Double
    /// The node's weight in the mixture of Bernoulli products: 1 for Banzhaf, ω/(p(1−p)) for Shapley.
    public let weight: Double

    public init(probability: Double, weight: Double) {
        self.probability = probability
        self.weight = weight
    }
}

/// Which coalitions of one side of a game are to be encoded, in which order, and what each weighs.
///
/// A plan up to m masks holds the full and the empty coalition first (weightless, for the end values), then draws,
/// spread over the nodes in a fixed order; a plan up to m+1 extends it. Once 2^players ≤ m all coalitions
/// are enumerated instead, with their exact probabilities at each node.
public struct SamplingPlan: Sendable {
    public let players: Int
    public let modality: Modality
    public let seed: UInt64
    public let paired: Bool
    public let nodes: [SamplingNode]
    private let sequences: [MaskSequence]

    /// - Parameters:
    ///   - players: how many image (or text) players the game has; an empty text has none, an image at least 1.
    ///   - nodes: one for Banzhaf, several for Shapley (see ``SamplingNode/shapley(count:)``).
    /// - Throws: ``InteractionError/invalidParameter(name:message:)``.
    public init(
        players: Int, modality: Modality, nodes: [SamplingNode], seed: UInt64 = 0, paired: Bool = false
    ) throws(InteractionError) {
        guard players >= (modality == .text ? 0 : 1) else { throw .invalidPlayers("the \(modality) has no players") }
        guard !nodes.isEmpty else { throw .invalidParameter(name: "nodes", message: "at least one is needed") }
        var sequences: [MaskSequence] = []
        for (index, node) in nodes.enumerated() {
            sequences.append(
                try MaskSequence(
                    players: players, probability: node.probability, seed: seed, modality: modality, node: index,
                    paired: paired))
        }
        self.players = players
        self.modality = modality
        self.nodes = nodes
        self.seed = seed
        self.paired = paired
        self.sequences = sequences
    }

    /// The plan of a weighted Banzhaf game: each player present with probability `p`.
    public init(banzhaf p: Double, players: Int, modality: Modality, seed: UInt64 = 0, paired: Bool = false)
        throws(InteractionError)
    {
        try self.init(
            players: players, modality: modality, nodes: [SamplingNode(probability: p, weight: 1)], seed: seed, paired: paired)
    }

    /// Whether a plan of `masks` masks holds all coalitions.
    public func isEnumerated(at masks: Int) -> Bool {
        players < 40 && masks >= 1 << players
    }

    /// The number of masks a plan of `masks` masks holds: never more than there are coalitions.
    public func effectiveCount(_ masks: Int) -> Int {
        isEnumerated(at: masks) ? 1 << players : max(masks, 2)
    }

    /// The coalitions that a plan of `masks` masks draws, each once, over all nodes.
    public func draws(upTo masks: Int) -> DrawnCoalitions {
        if isEnumerated(at: masks) {
            let all = enumeration()
            return DrawnCoalitions(
                coalitions: all, counts: [Double](repeating: 1, count: all.count), logDensities: [Double](repeating: 0, count: all.count),
                isEnumerated: true)
        }
        let byNode = drawCounts(upTo: masks)
        var order: [Coalition] = []
        var counts: [Coalition: Double] = [:]
        for node in nodes.indices {
            for index in 0..<byNode[node] {
                let coalition = sequences[node][index]
                if let count = counts[coalition] {
                    counts[coalition] = count + 1
                } else {
                    order.append(coalition)
                    counts[coalition] = 1
                }
            }
        }
        let total = Double(byNode.reduce(0, +))
        let bySize = (0...players).map { size in
            logSum(nodes.indices.map { node in
                let p = nodes[node].probability
                return log(Double(byNode[node]) / max(total, 1)) + Double(size) * log(p) + Double(players - size) * log(1 - p)
            })
        }
        return DrawnCoalitions(
            coalitions: order, counts: order.map { counts[$0] ?? 0 }, logDensities: order.map { bySize[$0.size] }, isEnumerated: false)
    }

    /// The coalitions of a one-node plan of `masks` masks, each once, with weights that add up to 1: the share of the draws, or
    /// the exact probability when enumerated.
    public func weighted(upTo masks: Int) -> WeightedCoalitions {
        let drawn = draws(upTo: masks)
        let weights: [Double]
        if drawn.isEnumerated {
            let p = nodes[0].probability
            let bySize = (0...players).map { size in power(p, size) * power(1 - p, players - size) }
            weights = drawn.coalitions.map { bySize[$0.size] }
        } else {
            let total = drawn.counts.reduce(0, +)
            weights = drawn.counts.map { $0 / max(total, 1) }
        }
        return WeightedCoalitions(coalitions: drawn.coalitions, weights: weights)
    }

    /// The coalitions that a plan of `masks` masks needs and the game has no embedding of, each once, in plan order.
    public func missing(upTo masks: Int, in samples: GameSamples, limit: Int = .max) -> [Coalition] {
        var result: [Coalition] = []
        var seen: Set<Coalition> = []
        func visit(_ coalition: Coalition) {
            if samples.row(of: coalition) == nil, seen.insert(coalition).inserted { result.append(coalition) }
        }
        if isEnumerated(at: masks) {
            for coalition in enumeration() where result.count < limit { visit(coalition) }
            return result
        }
        visit(Coalition(full: players))
        visit(Coalition(empty: players))
        var drawn = [Int](repeating: 0, count: nodes.count)
        for step in 0..<max(0, masks - 2) where result.count < limit {
            let node = nodeOfDraw(step)
            visit(sequences[node][drawn[node]])
            drawn[node] += 1
        }
        return Array(result.prefix(limit))
    }

    /// All coalitions: full, empty, then by the number their bits form.
    private func enumeration() -> [Coalition] {
        guard players > 0 else { return [Coalition(empty: 0)] }
        var result = [Coalition(full: players), Coalition(empty: players)]
        for bits in 1..<max(1, (1 << players) - 1) { result.append(Coalition(bits: bits, of: players)) }
        return result
    }

    /// The node that draw `step` goes to: round robin in steps of two, so that a pair stays in one node.
    private func nodeOfDraw(_ step: Int) -> Int { (step / 2) % nodes.count }

    private func drawCounts(upTo masks: Int) -> [Int] {
        var counts = [Int](repeating: 0, count: nodes.count)
        let draws = max(0, masks - 2)
        let round = 2 * nodes.count
        for node in nodes.indices { counts[node] = draws / round * 2 }
        for step in (draws / round * round)..<draws { counts[nodeOfDraw(step)] += 1 }
        return counts
    }
}

/// Distinct coalitions of a plan, before any weighting.
public struct DrawnCoalitions: Sendable {
    public let coalitions: [Coalition]
    /// How often each was drawn; 1 when enumerated.
    public let counts: [Double]
    /// The natural logarithm of the probability of drawing each, over all nodes; 0 when enumerated.
    public let logDensities: [Double]
    /// Whether these are all coalitions.
    public let isEnumerated: Bool
}

/// Distinct coalitions with weights that add up to 1.
public struct WeightedCoalitions: Sendable {
    public let coalitions: [Coalition]
    public let weights: [Double]
}

/// ln Σ exp.
func logSum(_ terms: [Double]) -> Double {
    let largest = terms.max() ?? -.infinity
    guard largest.isFinite else { return largest }
    return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
}

/// x^n for n ≥ 0, by repeated multiplication.
func power(_ x: Double, _ n: Int) -> Double {
    var result = 1.0
    for _ in 0..<n { result *= x }
    return result
}
