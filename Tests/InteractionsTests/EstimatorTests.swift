import Interactions
import Testing

@Suite struct EstimatorTests {
    static func rows(
        _ game: SyntheticGame, _ image: WeightedCoalitions, _ text: WeightedCoalitions, weight: Double = 1
    ) -> [(z: [Int], weight: Double, value: Double)] {
        let empty = game.value(image: Coalition(empty: game.imagePlayers), text: Coalition(empty: game.textPlayers))
        var rows: [(z: [Int], weight: Double, value: Double)] = []
        for (x, xWeight) in zip(image.coalitions, image.weights) {
            for (t, tWeight) in zip(text.coalitions, text.weights) {
                rows.append(((x.presence + t.presence).map(Int.init), weight * xWeight * tWeight, game.value(image: x, text: t) - empty))
            }
        }
        return rows
    }

    @Test("least squares equals the explicit design matrix", arguments: [0.3, 0.5, 0.7], [1, 2])
    func leastSquaresIsTheExplicitRegression(p: Double, order: Int) throws {
        let game = SyntheticGame(imagePlayers: 7, textPlayers: 5, seed: 3)
        let image = try SamplingPlan(banzhaf: p, players: 7, modality: .image)
        let text = try SamplingPlan(banzhaf: p, players: 5, modality: .text)
        for (imageMasks, textMasks) in [(127, 32), (128, 32), (200, 32)] {
            let values = try game.estimate(
                nodes: image.nodes, imageMasks: imageMasks, textMasks: textMasks,
                settings: EstimatorSettings(p: p, order: order, estimator: .leastSquares))
            let explicit = try ExplicitRegression.solve(
                Self.rows(game, image.weighted(upTo: imageMasks), text.weighted(upTo: textMasks)), order: order)
            #expect(relativeDifference(values.flat, explicit) < 1e-6)
            #expect(!values.rankDeficient)
        }
    }

    @Test("ridge over all coalitions is the exact index", arguments: [0.3, 0.5, 0.7], [1, 2])
    func enumeratedRidgeIsExact(p: Double, order: Int) throws {
        let game = SyntheticGame(imagePlayers: 6, textPlayers: 4, seed: 4)
        let plan = try SamplingPlan(banzhaf: p, players: 6, modality: .image)
        let ridge = try game.estimate(
            nodes: plan.nodes, imageMasks: 64, textMasks: 16, settings: EstimatorSettings(p: p, order: order))
        let least = try game.estimate(
            nodes: plan.nodes, imageMasks: 64, textMasks: 16,
            settings: EstimatorSettings(p: p, order: order, estimator: .leastSquares))
        #expect(relativeDifference(ridge.flat, least.flat) < 1e-9)
    }

    @Test("Shapley nodes reproduce the faithful Shapley regression", arguments: [1, 2])
    func shapleyIsTheExplicitRegression(order: Int) throws {
        let game = SyntheticGame(imagePlayers: 5, textPlayers: 4, seed: 5)
        let values = try game.estimate(
            nodes: SamplingNode.shapley(count: 4), imageMasks: 32, textMasks: 16,
            settings: EstimatorSettings(index: .shapley, order: order, estimator: .leastSquares))
        let n = 9
        func choose(_ n: Int, _ k: Int) -> Double { (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) } }
        let every = try SamplingPlan(banzhaf: 0.5, players: 5, modality: .image).weighted(upTo: 32)
        let everyText = try SamplingPlan(banzhaf: 0.5, players: 4, modality: .text).weighted(upTo: 16)
        var rows = Self.rows(game, every, everyText)
        for k in rows.indices {
            let size = rows[k].z.reduce(0, +)
            // The reference's weight for the two ends; an equality constraint is its limit.
            rows[k].weight = size == 0 || size == n ? 1e7 : 1 / choose(n - 2, size - 1)
        }
        #expect(relativeDifference(values.flat, try ExplicitRegression.solve(rows, order: order)) < 1e-5)
        #expect(abs(values.baseline) < 1e-9)
    }

    @Test func ridgeApproachesTheExactIndexWithMoreMasks() throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 6)
        let nodes = [SamplingNode(probability: 0.5, weight: 1)]
        let exact = try game.estimate(nodes: nodes, imageMasks: 1024, textMasks: 16, settings: EstimatorSettings())
        var errors: [Double] = []
        for masks in [40, 150, 900] {
            let values = try game.estimate(nodes: nodes, imageMasks: masks, textMasks: 16, settings: EstimatorSettings())
            errors.append(relativeDifference(values.flat, exact.flat))
        }
        #expect(errors[0] > errors[1] && errors[1] > errors[2])
    }
}
