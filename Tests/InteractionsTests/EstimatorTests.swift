import Interactions
import Testing

@Suite(.timeLimit(.minutes(10)))
struct EstimatorTests {
    static func rows(
        _ game: SyntheticGame, _ image: WeightedCoalitions, _ text: WeightedCoalitions, weight: Double = 1
    ) -> [(z: [Int], weight: Double, value: Double)] {
        let empty = game.value(image: Coalition(empty: game.imagePlayers), text: Coalition(empty: game.textPlayers))
        var rows: [(z: [Int], weight: Double, value: Double)] = []
        for (x, xWeight) in zip(image.coalitions, image.weights) {
            for (t, tWeight) in zip(text.coalitions, text.weights) {
                rows.append(
                    (
                        (x.presence + t.presence).map(Int.init), weight * xWeight * tWeight,
                        game.value(image: x, text: t) - empty
                    ))
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
            let values = try game.estimate(
                nodes: nodes, imageMasks: masks, textMasks: 16, settings: EstimatorSettings())
            errors.append(relativeDifference(values.flat, exact.flat))
        }
        #expect(errors[0] > errors[1] && errors[1] > errors[2])
    }

    @Test("the same seed and budget give the same numbers, at once or in steps", arguments: InteractionIndex.allCases)
    func refinementStepsLeaveNoTrace(index: InteractionIndex) throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 6, seed: 7)
        let nodes = index == .shapley ? SamplingNode.shapley(count: 3) : [SamplingNode(probability: 0.5, weight: 1)]
        let settings = EstimatorSettings(index: index)
        let image = try SamplingPlan(players: 10, modality: .image, nodes: nodes, seed: 5)
        let text = try SamplingPlan(players: 6, modality: .text, nodes: nodes, seed: 5)
        let atOnce = try Interactions.estimate(
            image: game.side(image, masks: 150), text: game.side(text, masks: 40), scale: 10, bias: -3,
            settings: settings)
        // Other masks come first and stay in the game, in another order.
        var samples = GameSamples(players: 10, dimension: game.dimension)
        let other = try SamplingPlan(players: 10, modality: .image, nodes: nodes, seed: 99)
        for (plan, masks) in [(other, 70), (image, 20), (image, 21), (image, 150), (image, 300)] {
            let missing = Array(plan.missing(upTo: masks, in: samples).reversed())
            try samples.append(missing, embeddings: missing.flatMap(game.imageEmbedding))
        }
        let inSteps = try Interactions.estimate(
            image: GameSide(samples: samples, plan: image, masks: 150), text: game.side(text, masks: 40), scale: 10,
            bias: -3,
            settings: settings)
        #expect(inSteps == atOnce)
    }

    @Test func tooFewMasksForLeastSquaresAreReported() throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 8)
        let values = try game.estimate(
            nodes: [SamplingNode(probability: 0.5, weight: 1)], imageMasks: 30, textMasks: 16,
            settings: EstimatorSettings(estimator: .leastSquares))
        #expect(values.rankDeficient && values.looR2 == nil)
        #expect(values.flat.allSatisfy { $0.isFinite })
    }

    @Test(
        "masks that do not determine the solution give the explicit regression's of least norm", arguments: [0.3, 0.5])
    func leastNormIsThatOfTheExplicitRegression(p: Double) throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 8)
        let image = try SamplingPlan(banzhaf: p, players: 10, modality: .image)
        let text = try SamplingPlan(banzhaf: p, players: 4, modality: .text)
        let values = try game.estimate(
            nodes: image.nodes, imageMasks: 30, textMasks: 16,
            settings: EstimatorSettings(p: p, estimator: .leastSquares))
        let explicit = try ExplicitRegression.solveLeastNorm(
            Self.rows(game, image.weighted(upTo: 30), text.weighted(upTo: 16)), order: 2)
        #expect(values.rankDeficient)
        #expect(relativeDifference(values.flat, explicit) < 1e-6)
    }

    @Test func manyUnknownsKeepCrossModalPairsOnly() throws {
        let game = SyntheticGame(imagePlayers: 8, textPlayers: 4, seed: 9)
        let nodes = [SamplingNode(probability: 0.5, weight: 1)]
        let settings = EstimatorSettings(estimator: .leastSquares, maxUnknowns: 60)
        let restricted = try game.estimate(nodes: nodes, imageMasks: 256, textMasks: 16, settings: settings)
        let whole = try game.estimate(
            nodes: nodes, imageMasks: 256, textMasks: 16, settings: EstimatorSettings(estimator: .leastSquares))
        #expect(restricted.scope == .crossModal && whole.scope == .all)
        // Orthogonal products: leaving some out does not change the others.
        #expect(relativeDifference(restricted.crossModalPairs, whole.crossModalPairs) < 1e-9)
        #expect(restricted.pair(0, 1) == 0)
        #expect(relativeDifference(restricted.firstOrderReading, whole.firstOrderReading) < 1e-9)
    }

    @Test func embeddingsNotYetEncodedAreNamed() throws {
        let game = SyntheticGame(imagePlayers: 8, textPlayers: 4, seed: 10)
        let image = try SamplingPlan(banzhaf: 0.5, players: 8, modality: .image)
        let text = try SamplingPlan(banzhaf: 0.5, players: 4, modality: .text)
        let side = try game.side(image, masks: 50)
        #expect(throws: InteractionError.self) {
            try Interactions.estimate(
                image: GameSide(samples: side.samples, plan: image, masks: 60), text: game.side(text, masks: 16),
                scale: 1,
                settings: EstimatorSettings())
        }
    }

    @Test("ridge with few masks is closer to the index than least squares", arguments: InteractionIndex.allCases)
    func ridgeNeedsFewerMasks(index: InteractionIndex) throws {
        let nodes = index == .shapley ? SamplingNode.shapley(count: 4) : [SamplingNode(probability: 0.5, weight: 1)]
        var wins = 0
        for seed in 0..<10 {
            let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: UInt64(400 + seed))
            let truth = try game.estimate(
                nodes: nodes, imageMasks: 1024, textMasks: 16, settings: EstimatorSettings(index: index))
            func error(_ estimator: Estimator) throws -> Double {
                let values = try game.estimate(
                    nodes: nodes, imageMasks: 120, textMasks: 16, seed: UInt64(seed),
                    settings: EstimatorSettings(index: index, estimator: estimator, standardErrors: false))
                return zip(values.pairs, truth.pairs).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            }
            if try error(.ridge) < error(.leastSquares) { wins += 1 }
        }
        #expect(wins >= 8)
    }
}
