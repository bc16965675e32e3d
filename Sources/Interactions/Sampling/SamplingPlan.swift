import Foundation

/// A Bernoulli product measure that masks are drawn from, and its weight in the estimate.
package struct SamplingNode: Sendable, Equatable {
    /// The probability that a player is present.
    package let probability: Double
    /// The node's weight in the mixture of Bernoulli products: 1 for Banzhaf, ω/(p(1−p)) for Shapley.
    package let weight: Double

    package init(probability: Double, weight: Double) {
        self.probability = probability
        self.weight = weight
    }
}

/// Which coalitions of one side of a game are to be encoded, in which order, and what each weighs.
///
/// A plan up to m masks holds the full and the empty coalition first (weightless, for the end values), then draws,
/// spread over the nodes in a fixed order; a plan up to m+1 extends it. Once 2^players ≤ m all coalitions
/// are enumerated instead, with their exact probabilities at each node.
package struct SamplingPlan: Sendable {
    package let players: Int
    package let modality: Modality
    package let seed: UInt64
    package let paired: Bool
    /// What each side draws from by itself; none where both are drawn together.
    package let nodes: [SamplingNode]
    /// The draws that this side's masks are parts of, where image and text players are drawn together.
    package let joint: JointDraws?
    /// Which of the players of ``joint`` are this side's.
    let jointPlayers: Range<Int>
    private let sequences: [MaskSequence]

    /// - Parameters:
    ///   - players: how many image (or text) players the game has; an empty text has none, an image at least 1.
    ///   - nodes: one for Banzhaf, several for Shapley (see ``SamplingNode/shapley(count:)``).
    /// - Throws: ``InteractionError/invalidParameter(name:message:)``.
    package init(
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
        joint = nil
        jointPlayers = 0..<players
    }

    /// One side of draws over all players: the plan of m masks holds what this side's players are in m pairs.
    package init(joint: JointDraws, modality: Modality) {
        self.init(
            joint: joint,
            players: modality == .image ? 0..<joint.imagePlayers : joint.imagePlayers..<joint.players,
            modality: modality)
    }

    /// One input of draws over all players.
    ///
    /// - Parameter range: which of all players are the input's.
    package init(joint: JointDraws, players range: Range<Int>, modality: Modality) {
        players = range.count
        jointPlayers = range
        self.modality = modality
        seed = joint.seed
        paired = joint.paired
        nodes = []
        sequences = []
        self.joint = joint
    }

    /// The plan of a weighted Banzhaf game: each player present with probability `p`.
    package init(banzhaf p: Double, players: Int, modality: Modality, seed: UInt64 = 0, paired: Bool = false)
        throws(InteractionError)
    {
        try self.init(
            players: players, modality: modality, nodes: [SamplingNode(probability: p, weight: 1)], seed: seed,
            paired: paired)
    }

    /// Whether a plan of `masks` masks holds all coalitions: of this side, or of all players where they are drawn
    /// together.
    package func isEnumerated(at masks: Int) -> Bool {
        Coalition.isEnumerable(joint?.players ?? players, within: masks)
    }

    /// The number of masks a plan of `masks` masks holds: never more than there are coalitions.
    package func effectiveCount(_ masks: Int) -> Int {
        isEnumerated(at: masks) ? 1 << (joint?.players ?? players) : max(masks, 2)
    }

    /// The coalitions that a plan of `masks` masks draws, each once, over all nodes.
    ///
    /// - Precondition: `joint == nil`; a side of joint draws says nothing by itself.
    package func draws(upTo masks: Int) -> DrawnCoalitions {
        precondition(joint == nil, "a side of joint draws by itself")
        if isEnumerated(at: masks) { return DrawnCoalitions(enumerating: players) }
        let byNode = drawCounts(upTo: masks)
        let total = Double(byNode.reduce(0, +))
        let bySize = (0...players).map { size in
            logSum(
                nodes.indices.map { node in
                    let p = nodes[node].probability
                    return log(Double(byNode[node]) / max(total, 1)) + Double(size) * log(p) + Double(players - size)
                        * log(1 - p)
                })
        }
        let draws = nodes.indices.lazy.flatMap { node in (0..<byNode[node]).lazy.map { sequences[node][$0] } }
        return DrawnCoalitions(draws) { bySize[$0] }
    }

    /// The coalitions of a one-node plan of `masks` masks, each once, with weights that add up to 1: the share of the
    /// draws, or the exact probability when enumerated.
    package func weighted(upTo masks: Int) -> WeightedCoalitions {
        let drawn = draws(upTo: masks)
        let weights: [Double]
        if drawn.isEnumerated {
            weights = drawn.exactWeights(probability: nodes[0].probability, players: players)
        } else {
            let total = drawn.counts.reduce(0, +)
            weights = drawn.counts.map { $0 / max(total, 1) }
        }
        return WeightedCoalitions(coalitions: drawn.coalitions, weights: weights)
    }

    /// The coalitions that a plan of `masks` masks needs and the game has no embedding of, each once, in plan order.
    package func missing(upTo masks: Int, in samples: GameSamples, limit: Int = .max) -> [Coalition] {
        var result: [Coalition] = []
        var seen: Set<Coalition> = []
        func visit(_ coalition: Coalition) {
            if samples.row(of: coalition) == nil, seen.insert(coalition).inserted { result.append(coalition) }
        }
        if isEnumerated(at: masks) {
            for coalition in Coalition.all(of: players) where result.count < limit { visit(coalition) }
            return result
        }
        forEachMask(upTo: masks) { coalition in
            visit(coalition)
            return result.count < limit
        }
        return result
    }

    /// Calls `body` with the masks of a plan of `masks` masks that is not enumerated, in its order, repeats included,
    /// as long as it returns true. The full and the empty one are in every plan.
    func forEachMask(upTo masks: Int, _ body: (Coalition) -> Bool) {
        guard body(Coalition(full: players)), body(Coalition(empty: players)) else { return }
        var drawn = [Int](repeating: 0, count: nodes.count)
        for step in 0..<max(0, masks - 2) {
            let coalition: Coalition
            if let joint {
                coalition = joint[step].slice(jointPlayers)
            } else {
                let node = nodeOfDraw(step)
                coalition = sequences[node][drawn[node]]
                drawn[node] += 1
            }
            guard body(coalition) else { return }
        }
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

extension SamplingPlan {
    /// The largest number of masks of this plan, up to `limit`, whose embeddings are all there; 0 where the full or the
    /// empty one is not.
    ///
    /// - Complexity: O(`limit`) look-ups.
    package func held(by samples: GameSamples, upTo limit: Int) -> Int {
        guard limit > 0 else { return 0 }
        var most = limit
        if isEnumerated(at: limit) {
            if missing(upTo: limit, in: samples, limit: 1).isEmpty { return effectiveCount(limit) }
            // Fewer masks than all are drawn.
            most = (1 << (joint?.players ?? players)) - 1
        }
        var masks = 0
        forEachMask(upTo: most) { coalition in
            guard samples.row(of: coalition) != nil else { return false }
            masks += 1
            return true
        }
        return masks < 2 ? 0 : min(masks, max(most, 2))
    }

    /// As ``held(by:upTo:)``, but 0 for the full and the empty mask alone: every open explanation's games hold those,
    /// and no estimate can rest on them.
    package func warm(in samples: GameSamples, upTo limit: Int) -> Int {
        let count = held(by: samples, upTo: limit)
        return count > 2 || isEnumerated(at: count) ? count : 0
    }
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
