import Interactions
import Testing

/// Coalitions of image and text players drawn together, one pair of masks each.
@Suite(.timeLimit(.minutes(10)))
struct JointSamplingTests {
    static func draws(
        _ index: InteractionIndex, p: Double = 0.5, imagePlayers: Int, textPlayers: Int, seed: UInt64 = 0,
        paired: Bool = false
    ) throws -> JointDraws {
        try JointDraws(
            imagePlayers: imagePlayers, textPlayers: textPlayers,
            distribution: index == .banzhaf ? .bernoulli(p) : .shapley,
            seed: seed, paired: paired)
    }

    static func estimate(
        _ game: SyntheticGame, _ draws: JointDraws, pairs: Int, settings: EstimatorSettings,
        ends: (empty: Double, full: Double)? = nil
    ) throws -> InteractionValues {
        try Interactions.estimate(
            image: game.side(SamplingPlan(joint: draws, modality: .image), masks: pairs),
            text: game.side(SamplingPlan(joint: draws, modality: .text), masks: pairs), scale: game.scale,
            bias: game.bias,
            emptyValue: ends?.empty, fullValue: ends?.full, settings: settings)
    }

    @Test("a draw depends on the seed and its number alone", arguments: InteractionIndex.allCases)
    func aDrawDependsOnItsKeyAlone(index: InteractionIndex) throws {
        let draws = try Self.draws(index, imagePlayers: 20, textPlayers: 6, seed: 7)
        let first = (0..<40).map { draws[$0] }
        #expect((0..<40).reversed().map { draws[$0] } == first.reversed())
        let other = try Self.draws(index, imagePlayers: 20, textPlayers: 6, seed: 7 | 1 << 32)
        #expect((0..<40).contains { other[$0] != first[$0] })
        let paired = try Self.draws(index, imagePlayers: 20, textPlayers: 6, seed: 7, paired: true)
        #expect((0..<20).allSatisfy { paired[2 * $0 + 1] == paired[2 * $0].complement })
    }

    @Test func sizesFollowTheShapleyKernel() throws {
        let draws = try Self.draws(.shapley, imagePlayers: 7, textPlayers: 4, seed: 3)
        let count = 20_000
        var sizes = [Double](repeating: 0, count: 12)
        var present = [Double](repeating: 0, count: 11)
        for k in 0..<count {
            sizes[draws[k].size] += 1
            for player in draws[k].members { present[player] += 1 }
        }
        let total = (1...10).reduce(0.0) { $0 + 1 / Double($1 * (11 - $1)) }
        for size in 1...10 {
            let share = 1 / Double(size * (11 - size)) / total
            #expect(abs(sizes[size] / Double(count) - share) < 5 * (share / Double(count)).squareRoot())
        }
        #expect(sizes[0] == 0 && sizes[11] == 0)
        #expect(present.allSatisfy { abs($0 / Double(count) - 0.5) < 5 * 0.5 / Double(count).squareRoot() })
    }

    @Test("both sides' plans hold what the pairs need, and more pairs extend fewer")
    func plansOfBothSides() throws {
        let draws = try Self.draws(.shapley, imagePlayers: 20, textPlayers: 3, seed: 1)
        for (modality, players) in [(Modality.image, 20), (.text, 3)] {
            let plan = SamplingPlan(joint: draws, modality: modality)
            var samples = GameSamples(players: players, dimension: 1)
            let all = plan.missing(upTo: 200, in: samples)
            #expect(all[0].isFull && all[1].isEmpty && Set(all).count == all.count)
            for k in 0..<198 {
                let pair = draws[k].split(at: 20)
                #expect(all.contains(modality == .image ? pair.image : pair.text))
            }
            var inSteps: [Coalition] = []
            for masks in [2, 3, 10, 65, 200] {
                let missing = plan.missing(upTo: masks, in: samples)
                inSteps += missing
                try samples.append(missing, embeddings: [Float](repeating: 0, count: missing.count))
            }
            #expect(inSteps == all)
            #expect(
                !plan.isEnumerated(at: 1 << 22) && plan.isEnumerated(at: 1 << 23)
                    && plan.effectiveCount(1 << 24) == 1 << 23)
        }
    }

    @Test("over all coalitions it is the index that crossed masks give", arguments: InteractionIndex.allCases, [1, 2])
    func enumeration(index: InteractionIndex, order: Int) throws {
        let game = SyntheticGame(imagePlayers: 6, textPlayers: 4, seed: 5)
        for p in index == .banzhaf ? [0.3, 0.5, 0.7] : [0.5] {
            let nodes = index == .shapley ? SamplingNode.shapley(count: 5) : [SamplingNode(probability: p, weight: 1)]
            for estimator in Estimator.allCases {
                let settings = EstimatorSettings(index: index, p: p, order: order, estimator: estimator)
                let crossed = try game.estimate(nodes: nodes, imageMasks: 64, textMasks: 16, settings: settings)
                let joint = try Self.estimate(
                    game, Self.draws(index, p: p, imagePlayers: 6, textPlayers: 4), pairs: 1024, settings: settings)
                #expect(relativeDifference(joint.flat, crossed.flat) < 1e-9)
                #expect(joint.imageMasks == 1024 && joint.textMasks == 1024 && joint.isJointlySampled)
                #expect(joint.standardErrors?.first.allSatisfy { $0 == 0 } == true)
            }
        }
    }

    @Test(
        "least squares equals the explicit regression on the pairs drawn", arguments: InteractionIndex.allCases, [1, 2])
    func explicitRegression(index: InteractionIndex, order: Int) throws {
        let game = SyntheticGame(imagePlayers: 8, textPlayers: 4, seed: 6)
        for (p, paired) in [(0.5, true), (0.5, false), (0.3, false)] where index == .banzhaf || p == 0.5 {
            let draws = try Self.draws(index, p: p, imagePlayers: 8, textPlayers: 4, seed: 2, paired: paired)
            let values = try Self.estimate(
                game, draws, pairs: 402,
                settings: EstimatorSettings(index: index, p: p, order: order, estimator: .leastSquares))
            let empty = game.value(image: Coalition(empty: 8), text: Coalition(empty: 4))
            func row(_ z: Coalition, weight: Double) -> (z: [Int], weight: Double, value: Double) {
                let pair = z.split(at: 8)
                return (z.presence.map(Int.init), weight, game.value(image: pair.image, text: pair.text) - empty)
            }
            var rows = (0..<400).map { row(draws[$0], weight: 1) }
            if index == .shapley {
                // The reference's weight for the two ends; an equality constraint is its limit.
                rows += [row(Coalition(empty: 12), weight: 1e8), row(Coalition(full: 12), weight: 1e8)]
            }
            #expect(!values.rankDeficient)
            #expect(relativeDifference(values.flat, try ExplicitRegression.solve(rows, order: order)) < 1e-5)
        }
    }

    @Test("the two ends are matched exactly, however few pairs there are", arguments: Estimator.allCases, [1, 2])
    func endsAreMatched(estimator: Estimator, order: Int) throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 7)
        let ends = (empty: -2.5, full: 6.25)
        for (pairs, paired) in [(30, true), (31, true), (300, false)] {
            let draws = try Self.draws(.shapley, imagePlayers: 10, textPlayers: 4, seed: 9, paired: paired)
            let values = try Self.estimate(
                game, draws, pairs: pairs,
                settings: EstimatorSettings(index: .shapley, order: order, estimator: estimator), ends: ends)
            #expect(abs(values.baseline) < 1e-8)
            #expect(abs(values.predict(Coalition(full: 14)) - 8.75) < 1e-8)
        }
    }

    @Test(
        "the same seed and budget give the same numbers, at once or in steps", arguments: InteractionIndex.allCases,
        Estimator.allCases)
    func refinementStepsLeaveNoTrace(index: InteractionIndex, estimator: Estimator) throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 6, seed: 8)
        let draws = try Self.draws(index, imagePlayers: 10, textPlayers: 6, seed: 5, paired: true)
        let settings = EstimatorSettings(index: index, estimator: estimator)
        let atOnce = try Self.estimate(game, draws, pairs: 250, settings: settings)
        func inSteps(_ modality: Modality, _ table: (Coalition) -> [Float]) throws -> GameSide {
            let plan = SamplingPlan(joint: draws, modality: modality)
            // Other masks come first and stay in the game, in another order.
            let other = try SamplingPlan(banzhaf: 0.4, players: plan.players, modality: modality, seed: 99)
            var samples = GameSamples(players: plan.players, dimension: game.dimension)
            for (plan, masks) in [(other, 30), (plan, 20), (plan, 21), (plan, 250), (plan, 300)] {
                let missing = Array(plan.missing(upTo: masks, in: samples).reversed())
                try samples.append(missing, embeddings: missing.flatMap(table))
            }
            return GameSide(samples: samples, plan: plan, masks: 250)
        }
        let stepped = try Interactions.estimate(
            image: inSteps(.image, game.imageEmbedding), text: inSteps(.text, game.textEmbedding), scale: game.scale,
            bias: game.bias,
            settings: settings)
        #expect(stepped == atOnce)
    }

    /// Of Shapley's draws many repeat the smallest and the largest coalitions, which the left-out R² predicts without
    /// having seen them.
    @Test(
        "about 95% of true values lie within 1.96 standard errors, and the left-out R² foretells that of other draws or less",
        arguments: InteractionIndex.allCases)
    func calibration(index: InteractionIndex) throws {
        var (inside, all) = (0, 0)
        var difference = 0.0
        for seed in 0..<20 {
            let game = SyntheticGame(imagePlayers: 9, textPlayers: 3, seed: UInt64(3000 + seed))
            let settings = EstimatorSettings(index: index)
            let truth = try Self.estimate(
                game, Self.draws(index, imagePlayers: 9, textPlayers: 3), pairs: 4096, settings: settings)
            let draws = try Self.draws(index, imagePlayers: 9, textPlayers: 3, seed: UInt64(seed))
            let values = try Self.estimate(game, draws, pairs: 400, settings: settings)
            let counts = try CalibrationTests.coverage(values, truth)
            inside += counts.inside
            all += counts.all
            let held = try evaluationCoalitions(
                imagePlayers: 9, textPlayers: 3, distribution: draws.distribution, count: 1500, seed: UInt64(seed))
            let faithfulness = try Faithfulness(
                truth: held.map { game.value(image: $0.image, text: $0.text) - values.emptyValue },
                predicted: held.map {
                    values.predict(Coalition($0.image.members + $0.text.members.map { $0 + 9 }, of: 12))
                })
            difference += try #require(values.looR2) - #require(faithfulness.rSquared)
        }
        let share = Double(inside) / Double(all)
        #expect(share > 0.91 && share < 0.995)
        #expect(difference / 20 < 0.03 && difference / 20 > (index == .banzhaf ? -0.03 : -0.08))
    }

    @Test func manyUnknownsKeepCrossModalPairsOnly() throws {
        let game = SyntheticGame(imagePlayers: 7, textPlayers: 4, seed: 9)
        let draws = try Self.draws(.banzhaf, imagePlayers: 7, textPlayers: 4)
        var settings = EstimatorSettings(estimator: .leastSquares)
        let whole = try Self.estimate(game, draws, pairs: 2048, settings: settings)
        settings.maxUnknowns = 50
        let restricted = try Self.estimate(game, draws, pairs: 2048, settings: settings)
        #expect(restricted.scope == .crossModal && whole.scope == .all)
        // Orthogonal products: leaving some out does not change the others.
        #expect(relativeDifference(restricted.crossModalPairs, whole.crossModalPairs) < 1e-9)
        #expect(restricted.pair(0, 1) == 0)
    }

    @Test func whatDoesNotFitIsRefused() throws {
        #expect(throws: InteractionError.self) { try Self.draws(.shapley, imagePlayers: 1, textPlayers: 0) }
        #expect(throws: InteractionError.self) {
            try Self.draws(.banzhaf, p: 0.3, imagePlayers: 4, textPlayers: 2, paired: true)
        }
        let game = SyntheticGame(imagePlayers: 5, textPlayers: 3, seed: 1)
        let draws = try Self.draws(.shapley, imagePlayers: 5, textPlayers: 3)
        // The kernel's coalitions are not those of Banzhaf, a side by itself is none, and one pair tells nothing.
        #expect(throws: InteractionError.self) {
            try Self.estimate(game, draws, pairs: 40, settings: EstimatorSettings())
        }
        let image = try game.side(SamplingPlan(joint: draws, modality: .image), masks: 40)
        let text = try game.side(SamplingPlan(banzhaf: 0.5, players: 3, modality: .text), masks: 8)
        #expect(throws: InteractionError.self) {
            try Interactions.estimate(image: image, text: text, scale: 1, settings: EstimatorSettings(index: .shapley))
        }
        #expect(throws: InteractionError.self) { try SideExpansion(image, p: 0.5, order: 2, standardErrors: false) }
        #expect(throws: InteractionError.self) {
            try Self.estimate(game, draws, pairs: 3, settings: EstimatorSettings(index: .shapley))
        }
    }
}
