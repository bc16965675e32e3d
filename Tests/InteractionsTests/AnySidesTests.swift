import Interactions
import Testing

/// Games of any two sides: inputs of one kind, weighted sums of inputs, and fixed vectors.
@Suite(.timeLimit(.minutes(10)))
struct AnySidesTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let inputs: [(modality: Modality, players: Int, weight: Double)]
        var testDescription: String { name }

        var game: SumGame { SumGame(inputs, seed: 31) }
        var masks: [Int] { inputs.map { 1 << $0.players } }
    }

    struct Index: Sendable, CustomTestStringConvertible {
        let index: InteractionIndex
        let p: Double
        let order: Int
        var testDescription: String { "\(index) p \(p) order \(order)" }

        var nodes: [SamplingNode] {
            index == .shapley ? SamplingNode.shapley(count: 5) : [SamplingNode(probability: p, weight: 1)]
        }
    }

    static let cases = [
        Case(name: "image and image", inputs: [(.image, 5, 1), (.image, 4, 1)]),
        Case(name: "text and text", inputs: [(.text, 4, 1), (.text, 5, 1)]),
        Case(name: "one text rather than another", inputs: [(.image, 4, 1), (.text, 3, 1), (.text, 2, -1)]),
        Case(
            name: "a weighted sum of three", inputs: [(.image, 3, 1), (.text, 2, 0.5), (.text, 3, 0.3), (.text, 1, 2)]),
        Case(name: "one text that counts twice", inputs: [(.image, 4, 1), (.text, 4, 2)]),
    ]
    static let indices = [1, 2].flatMap { order in
        [0.3, 0.5, 0.7].map { Index(index: .banzhaf, p: $0, order: order) }
            + [Index(index: .shapley, p: 0.5, order: order)]
    }

    @Test("with every mask used, values are those of the definition", arguments: cases, indices)
    func valuesAreTheDefinition(setup: Case, index: Index) throws {
        var game = setup.game
        game.bias = -2
        let expected = try game.definition(index.index, p: index.p, order: index.order)
        for estimator in Estimator.allCases {
            let values = try game.estimate(
                nodes: index.nodes, masks: setup.masks,
                settings: EstimatorSettings(
                    index: index.index, p: index.p, order: index.order, estimator: estimator))
            #expect(relativeDifference(values.flat, expected) < (index.index == .shapley ? 1e-5 : 1e-9))
            #expect(abs(values.emptyValue - game.value(Coalition(empty: game.players))) < 1e-9)
            #expect(abs(values.fullValue - game.value(Coalition(full: game.players))) < 1e-9)
            #expect(values.standardErrors?.first.allSatisfy { $0 == 0 } == true)
        }
    }

    @Test("a fixed vector has no players, and values are those of the definition", arguments: indices)
    func vectorsAreSides(index: Index) throws {
        let table = SyntheticGame(imagePlayers: 6, textPlayers: 1, seed: 8)
        let vector = table.textEmbedding(Coalition(full: 1))
        let game = SumGame([
            SumGame.Input(modality: .image, players: 6, embedding: table.imageEmbedding),
            SumGame.Input(modality: .text, players: 0, embedding: { _ in vector }),
        ])
        let plan = try SamplingPlan(players: 6, modality: .image, nodes: index.nodes)
        let image = try game.side(0, plan, masks: 64)
        let values = try game.estimate(
            [image, GameSide.fixed(vector, beside: plan)],
            settings: EstimatorSettings(index: index.index, p: index.p, order: index.order))
        let expected = try game.definition(index.index, p: index.p, order: index.order)
        #expect(relativeDifference(values.flat, expected) < (index.index == .shapley ? 1e-5 : 1e-9))
        #expect(values.textPlayers == 0 && values.textMasks == 0 && values.imageMasks == 64)
    }

    @Test("coalitions drawn together give the definition too, and nothing across the inputs of a sum")
    func jointDrawsOfSums() throws {
        let game = SumGame([(.image, 4, 1), (.text, 3, 1), (.text, 2, -1)], seed: 5)
        for (distribution, index) in [
            (CoalitionDistribution.bernoulli(0.5), InteractionIndex.banzhaf), (.shapley, .shapley),
        ] {
            let draws = try JointDraws(imagePlayers: 4, textPlayers: 5, distribution: distribution)
            for masks in [512, 300] {
                let sides = try game.inputs.indices.map { k in
                    let players = game.offsets[k]..<game.offsets[k] + game.inputs[k].players
                    return try game.side(
                        k, SamplingPlan(joint: draws, players: players, modality: game.inputs[k].modality),
                        masks: masks)
                }
                let values = try game.estimate(sides, settings: EstimatorSettings(index: index))
                #expect((4..<7).allSatisfy { a in (7..<9).allSatisfy { values.pair(a, $0) == 0 } })
                #expect((values.imageMasks, values.textMasks) == (masks, masks))
                guard masks == 512 else { continue }
                #expect(relativeDifference(values.flat, try game.definition(index, p: 0.5, order: 2)) < 1e-5)
            }
        }
    }

    @Test("a difference is the difference of the two explanations on the same masks", arguments: Estimator.allCases)
    func differencesAreOfTheSameMasks(estimator: Estimator) throws {
        let game = SumGame([(.image, 10, 1), (.text, 4, 1), (.text, 3, -1)], seed: 77)
        for index in InteractionIndex.allCases {
            let settings = EstimatorSettings(index: index, estimator: estimator)
            let nodes = index == .shapley ? SamplingNode.shapley(count: 4) : [SamplingNode(probability: 0.5, weight: 1)]
            // The one's regression has fewer unknowns than masks, so that least norm does not come in.
            let masks = [200, 16, 8]
            let both = try game.estimate(nodes: nodes, masks: masks, settings: settings)
            let first = try SumGame([game.inputs[0], game.inputs[1]])
                .estimate(nodes: nodes, masks: [200, 16], settings: settings)
            var other = game.inputs[2]
            other.weight = 1
            let second = try SumGame([game.inputs[0], other])
                .estimate(nodes: nodes, masks: [200, 8], settings: settings)
            for player in 0..<10 {
                #expect(abs(both.first[player] - (first.first[player] - second.first[player])) < 1e-9)
            }
            for word in 0..<4 { #expect(abs(both.pair(3, 10 + word) - first.pair(3, 10 + word)) < 1e-9) }
            for word in 0..<3 { #expect(abs(both.pair(3, 14 + word) + second.pair(3, 10 + word)) < 1e-9) }
            if index == .banzhaf, estimator == .ridge {
                #expect(try #require(both.looR2) > 0.5)
            }
        }
    }

    @Test(
        "about 95% of true differences lie within 1.96 standard errors",
        arguments: [
            CalibrationCase(masks: [120, 16, 16]), CalibrationCase(p: 0.3, masks: [200, 16, 16]),
            CalibrationCase(masks: [200, 40, 40]), CalibrationCase(index: .shapley, masks: [200, 16, 16]),
            CalibrationCase(inputs: [(.image, 8, 1), (.image, 8, 1)], masks: [100, 100]),
            CalibrationCase(inputs: [(.text, 8, 1), (.text, 7, 1)], masks: [120, 90]),
        ])
    func differencesAreCalibrated(setup: CalibrationCase) throws {
        var (inside, all) = (0, 0)
        for seed in 0..<20 {
            let game = SumGame(setup.inputs, seed: 5000 + UInt64(seed))
            let settings = EstimatorSettings(index: setup.index, p: setup.p)
            let truth = try game.estimate(
                nodes: setup.nodes, masks: setup.inputs.map { 1 << $0.players }, settings: settings)
            let estimate = try game.estimate(
                nodes: setup.nodes, masks: setup.masks, seed: UInt64(seed), settings: settings)
            let counts = try CalibrationTests.coverage(estimate, truth)
            // Pairs across the inputs of a sum are zero by their kind and say nothing of the others.
            let zeros = estimate.pairs.count { $0 == 0 }
            inside += counts.inside - zeros
            all += counts.all - zeros
        }
        let share = Double(inside) / Double(all)
        #expect(share > 0.91 && share < 0.995, "\(share)")
    }

    struct CalibrationCase: Sendable, CustomTestStringConvertible {
        var index: InteractionIndex = .banzhaf
        var p = 0.5
        var inputs: [(modality: Modality, players: Int, weight: Double)] = [
            (.image, 10, 1), (.text, 4, 1), (.text, 4, -1),
        ]
        var masks: [Int]
        var testDescription: String {
            "\(index) p \(p), \(inputs.map { "\($0.modality) \($0.players)" }), \(masks) masks"
        }

        var nodes: [SamplingNode] {
            index == .shapley ? SamplingNode.shapley(count: 4) : [SamplingNode(probability: p, weight: 1)]
        }
    }

    @Test("masks of the image are shared: a difference is sharper than two explanations subtracted")
    func differencesAreSharper() throws {
        var (together, apart) = (0.0, 0.0)
        for seed in 0..<20 {
            // Two captions that say much the same.
            let game = SumGame([(.image, 10, 1), (.text, 4, 1), (.text, 4, -1)], seed: 9000 + UInt64(seed))
            let nodes = [SamplingNode(probability: 0.5, weight: 1)]
            let shared = game.inputs[1]
            let near = SumGame.Input(modality: .text, players: 4, weight: -1) { coalition in
                zip(shared.embedding(coalition), game.inputs[2].embedding(coalition)).map { 0.9 * $0 + 0.1 * $1 }
            }
            var positive = near
            positive.weight = 1
            let errors = try #require(
                SumGame([game.inputs[0], shared, near]).estimate(
                    nodes: nodes, masks: [150, 16, 16], settings: EstimatorSettings()
                ).standardErrors)
            let first = try #require(
                SumGame([game.inputs[0], shared]).estimate(
                    nodes: nodes, masks: [150, 16], settings: EstimatorSettings()
                ).standardErrors)
            let second = try #require(
                SumGame([game.inputs[0], positive]).estimate(
                    nodes: nodes, masks: [150, 16], settings: EstimatorSettings()
                ).standardErrors)
            for player in 0..<10 {
                together += errors.firstOrderReading[player]
                let (a, b) = (first.firstOrderReading[player], second.firstOrderReading[player])
                apart += (a * a + b * b).squareRoot()
            }
        }
        #expect(together < 0.5 * apart)
    }
}
