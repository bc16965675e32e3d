import Interactions
import Testing

/// Estimates from masks drawn for each side against the weighted regression on all their pairs, written out.
@Suite(.timeLimit(.minutes(10)))
struct SampledWeightsTests {
    static let imagePlayers = 8
    static let textPlayers = 7

    /// Image and text masks: both drawn, or one side enumerated.
    static let budgets = [(150, 100), (150, 128), (256, 100)]

    /// What a mask of one side weighs before the kernel: how often it was drawn over how likely that was, of a mixture
    /// of nodes; of all masks each the same.
    private static func draws(_ plan: SamplingPlan, masks: Int) -> [(coalition: Coalition, weight: Double)] {
        let drawn = plan.draws(upTo: masks)
        guard !drawn.isEnumerated else { return drawn.coalitions.map { ($0, 1) } }
        // Draws go round the nodes in steps of two, after the full and the empty mask.
        var counts = [Double](repeating: 0, count: plan.nodes.count)
        for step in 0..<masks - 2 { counts[step / 2 % plan.nodes.count] += 1 }
        return zip(drawn.coalitions, drawn.counts).map { coalition, count in
            var density = 0.0
            for (node, draws) in zip(plan.nodes, counts) {
                var product = draws / Double(masks - 2)
                for player in 0..<plan.players {
                    product *= coalition.contains(player) ? node.probability : 1 - node.probability
                }
                density += product
            }
            return (coalition, count / density)
        }
    }

    private static func regression(
        _ game: SyntheticGame, _ pairs: [(image: Coalition, text: Coalition, weight: Double)]
    )
        -> [(z: [Int], weight: Double, value: Double)]
    {
        let empty = game.value(image: Coalition(empty: imagePlayers), text: Coalition(empty: textPlayers))
        let total = pairs.reduce(0) { $0 + $1.weight }
        return pairs.map { pair in
            (
                (pair.image.presence + pair.text.presence).map(Int.init), pair.weight / total,
                game.value(image: pair.image, text: pair.text) - empty
            )
        }
    }

    @Test("Banzhaf: every pair counts as often as its masks were drawn", arguments: [0.3, 0.6, 0.7], [1, 2])
    func banzhaf(p: Double, order: Int) throws {
        let game = SyntheticGame(imagePlayers: Self.imagePlayers, textPlayers: Self.textPlayers, seed: 31)
        let image = try SamplingPlan(banzhaf: p, players: Self.imagePlayers, modality: .image, seed: 4)
        let text = try SamplingPlan(banzhaf: p, players: Self.textPlayers, modality: .text, seed: 4)
        for (imageMasks, textMasks) in Self.budgets {
            let values = try game.estimate(
                nodes: image.nodes, imageMasks: imageMasks, textMasks: textMasks, seed: 4,
                settings: EstimatorSettings(p: p, order: order, estimator: .leastSquares, standardErrors: false))
            /// The share of the draws, or the exact probability.
            func weights(_ plan: SamplingPlan, _ masks: Int) -> [(Coalition, Double)] {
                let drawn = plan.draws(upTo: masks)
                return zip(drawn.coalitions, drawn.counts).map { coalition, count in
                    guard drawn.isEnumerated else { return (coalition, count) }
                    return (coalition, (0..<plan.players).reduce(1.0) { $0 * (coalition.contains($1) ? p : 1 - p) })
                }
            }
            let texts = weights(text, textMasks)
            let pairs = weights(image, imageMasks).flatMap { x in
                texts.map { (image: x.0, text: $0.0, weight: x.1 * $0.1) }
            }
            let explicit = try ExplicitRegression.solve(Self.regression(game, pairs), order: order)
            #expect(!values.rankDeficient)
            #expect(relativeDifference(values.flat, explicit) < 1e-6, "\(imageMasks)×\(textMasks) masks")
        }
    }

    @Test(
        "Shapley: a pair weighs its kernel over the density of its draws, and the ends are matched",
        arguments: [2, 4, 7], [1, 2])
    func shapley(nodeCount: Int, order: Int) throws {
        let players = Self.imagePlayers + Self.textPlayers
        let game = SyntheticGame(imagePlayers: Self.imagePlayers, textPlayers: Self.textPlayers, seed: 32)
        let nodes = SamplingNode.shapley(count: nodeCount)
        let image = try SamplingPlan(players: Self.imagePlayers, modality: .image, nodes: nodes, seed: 4)
        let text = try SamplingPlan(players: Self.textPlayers, modality: .text, nodes: nodes, seed: 4)
        // 1/C(n−2, s−1).
        let kernel = (0...players).map { size -> Double in
            guard size > 0, size < players else { return 0 }
            return (0..<size - 1).reduce(1.0) { $0 * Double($1 + 1) / Double(players - 2 - $1) }
        }
        for (imageMasks, textMasks) in Self.budgets {
            let values = try game.estimate(
                nodes: nodes, imageMasks: imageMasks, textMasks: textMasks, seed: 4,
                settings: EstimatorSettings(
                    index: .shapley, order: order, estimator: .leastSquares, standardErrors: false))
            let texts = Self.draws(text, masks: textMasks)
            let pairs = Self.draws(image, masks: imageMasks).flatMap { x in
                texts.map { t in
                    (
                        image: x.coalition, text: t.coalition,
                        weight: x.weight * t.weight * kernel[x.coalition.size + t.coalition.size]
                    )
                }
            }
            var rows = Self.regression(game, pairs)
            // The reference's way to match the ends: a weight beyond all others, here of 1 together.
            for level in [0, 1] {
                let end = { (players: Int) in level == 0 ? Coalition(empty: players) : Coalition(full: players) }
                var row = Self.regression(game, [(end(Self.imagePlayers), end(Self.textPlayers), 1)])[0]
                row.weight = 1e6
                rows.append(row)
            }
            let explicit = try ExplicitRegression.solve(rows, order: order)
            #expect(!values.rankDeficient)
            #expect(relativeDifference(values.flat, explicit) < 1e-5, "\(imageMasks)×\(textMasks) masks")
            #expect(abs(values.baseline) < 1e-8)
        }
    }

    /// Many more draws than masks: what is estimated from samples is what all masks give.
    @Test("Shapley from ever more draws comes to the value of all masks")
    func shapleyConverges() throws {
        let game = SyntheticGame(imagePlayers: 12, textPlayers: 3, seed: 33)
        let nodes = SamplingNode.shapley(count: 4)
        let settings = EstimatorSettings(index: .shapley, estimator: .leastSquares, standardErrors: false)
        let exact = try game.estimate(nodes: nodes, imageMasks: 4096, textMasks: 8, settings: settings)
        var errors: [Double] = []
        for masks in [250, 1000, 4000] {
            let values = try (0..<8).map { seed in
                relativeDifference(
                    try game.estimate(
                        nodes: nodes, imageMasks: masks, textMasks: 8, seed: UInt64(seed), settings: settings
                    ).flat, exact.flat)
            }
            errors.append(values.reduce(0, +) / Double(values.count))
        }
        // A quarter of the error for 16 times the masks; a half is asked for.
        #expect(errors[1] < errors[0] && errors[2] < errors[1] && errors[2] < errors[0] / 2)
    }
}
