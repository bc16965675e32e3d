import Interactions
import Testing

/// What an estimate says of its own error, against the truth of enumerable games.
@Suite(.timeLimit(.minutes(10)))
struct CalibrationTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var index: InteractionIndex = .banzhaf
        var p = 0.5
        var imagePlayers = 10
        var textPlayers = 4
        var imageMasks: Int
        var textMasks = 16
        var estimator = Estimator.ridge
        var order = 2
        var testDescription: String {
            "\(estimator) \(order), \(index) p \(p), \(imagePlayers)+\(textPlayers) players, \(imageMasks)×\(textMasks) masks"
        }

        var nodes: [SamplingNode] {
            index == .shapley ? SamplingNode.shapley(count: 4) : [SamplingNode(probability: p, weight: 1)]
        }

        /// Of a made-up game, from the case's masks and from all there are.
        func estimateAndTruth(game: Int, seed: Int) throws -> (estimate: InteractionValues, truth: InteractionValues) {
            let game = SyntheticGame(imagePlayers: imagePlayers, textPlayers: textPlayers, seed: UInt64(game))
            let settings = EstimatorSettings(index: index, p: p)
            let truth = try game.estimate(
                nodes: nodes, imageMasks: 1 << imagePlayers, textMasks: 1 << textPlayers, settings: settings)
            let estimate = try game.estimate(
                nodes: nodes, imageMasks: imageMasks, textMasks: textMasks, seed: UInt64(seed), settings: settings)
            return (estimate, truth)
        }
    }

    /// Of first-order values, pairs and readings together.
    static func coverage(_ estimate: InteractionValues, _ truth: InteractionValues) throws -> (inside: Int, all: Int) {
        let errors = try #require(estimate.standardErrors)
        var inside = 0
        var all = 0
        for (estimated, expected, error) in [
            (estimate.first, truth.first, errors.first), (estimate.pairs, truth.pairs, errors.pairs),
            (estimate.firstOrderReading, truth.firstOrderReading, errors.firstOrderReading),
        ] {
            for k in estimated.indices {
                all += 1
                if abs(estimated[k] - expected[k]) <= 1.96 * error[k] { inside += 1 }
            }
        }
        return (inside, all)
    }

    @Test(
        "about 95% of true values lie within 1.96 standard errors",
        arguments: [
            Case(imageMasks: 60), Case(imageMasks: 120), Case(imageMasks: 400), Case(p: 0.3, imageMasks: 200),
            Case(p: 0.7, imageMasks: 200), Case(textPlayers: 6, imageMasks: 200, textMasks: 40),
            Case(index: .shapley, imageMasks: 150), Case(index: .shapley, imageMasks: 400),
        ])
    func coverageIsAsStated(_ setup: Case) throws {
        var inside = 0
        var all = 0
        for seed in 0..<20 {
            let (estimate, truth) = try setup.estimateAndTruth(game: 1000 + seed, seed: seed)
            let counts = try Self.coverage(estimate, truth)
            inside += counts.inside
            all += counts.all
        }
        let share = Double(inside) / Double(all)
        #expect(share > 0.91 && share < 0.995)
    }

    /// A kind of value that an explanation reports.
    enum Kind: String, CaseIterable {
        case imageMain, textMain, imagePairs, textPairs, crossModalPairs, imageReading, textReading
    }

    /// (estimate − truth) / standard error of every value, by kind.
    static func scores(_ estimate: InteractionValues, _ truth: InteractionValues) throws -> [Kind: [Double]] {
        let errors = try #require(estimate.standardErrors)
        let images = estimate.imagePlayers
        var result: [Kind: [Double]] = [:]
        func add(_ kind: Kind, _ estimated: Double, _ expected: Double, _ error: Double) {
            result[kind, default: []].append((estimated - expected) / error)
        }
        for i in 0..<estimate.players {
            let isImage = i < images
            add(isImage ? .imageMain : .textMain, estimate.first[i], truth.first[i], errors.first[i])
            add(
                isImage ? .imageReading : .textReading, estimate.firstOrderReading[i], truth.firstOrderReading[i],
                errors.firstOrderReading[i])
        }
        for (k, pair) in PairIndex(players: estimate.players).all.enumerated() {
            let kind: Kind = pair.1 < images ? .imagePairs : pair.0 >= images ? .textPairs : .crossModalPairs
            add(kind, estimate.pairs[k], truth.pairs[k], errors.pairs[k])
        }
        return result
    }

    /// Values of one game rest on the same masks and may all err together, so a game counts as one draw, however many
    /// values it has. Of 40 draws the share inside has a standard deviation of √(0.95·0.05/40) = 0.034 and the root
    /// mean square of a normal score one of 1/√80 = 0.11: the bands reach four of these to either side. The jackknife
    /// that Shapley values have their errors from may be twice too wide, for the text's reading above all, but not too
    /// narrow.
    @Test(
        "each kind of value lies within its standard errors as often as stated, and is not far inside",
        arguments: [
            Case(imageMasks: 60), Case(imageMasks: 200), Case(p: 0.3, imageMasks: 200),
            Case(textPlayers: 6, imageMasks: 200, textMasks: 40),
            Case(index: .shapley, imageMasks: 200),
        ])
    func scoresOfEachKind(_ setup: Case) throws {
        var scores: [Kind: [Double]] = [:]
        for seed in 0..<40 {
            let (estimate, truth) = try setup.estimateAndTruth(game: 4000 + seed, seed: seed)
            for (kind, found) in try Self.scores(estimate, truth) { scores[kind, default: []] += found }
        }
        for kind in Kind.allCases {
            let found = try #require(scores[kind])
            let count = Double(found.count)
            let inside = Double(found.count { abs($0) <= 1.96 }) / count
            let size = (found.reduce(0) { $0 + $1 * $1 } / count).squareRoot()
            #expect(inside > 0.95 - 4 * 0.034, "\(kind.rawValue): \(inside) of the true values inside")
            let least = setup.index == .shapley ? 0.4 : 1 - 4 * 0.11
            #expect(size > least && size < 1 + 4 * 0.11, "\(kind.rawValue): scores of size \(size)")
        }
    }

    @Test(
        "the left-out R² foretells the R² of coalitions not seen",
        arguments: [
            Case(imagePlayers: 12, imageMasks: 60), Case(imagePlayers: 12, imageMasks: 120),
            Case(imagePlayers: 12, imageMasks: 300),
            Case(p: 0.3, imagePlayers: 12, imageMasks: 64), Case(p: 0.7, imagePlayers: 12, imageMasks: 64),
            // The text drawn, or enumerated with more coalitions than are looked at.
            Case(imagePlayers: 12, textPlayers: 7, imageMasks: 200, textMasks: 60),
            Case(imagePlayers: 8, textPlayers: 11, imageMasks: 120, textMasks: 2048, order: 1),
            Case(imagePlayers: 11, textPlayers: 3, imageMasks: 2048, textMasks: 8, order: 1),
            Case(imagePlayers: 12, imageMasks: 200, estimator: .leastSquares),
            Case(imagePlayers: 12, imageMasks: 600, estimator: .leastSquares),
            Case(index: .shapley, imagePlayers: 12, imageMasks: 100),
            Case(index: .shapley, imagePlayers: 12, imageMasks: 400),
            Case(index: .shapley, imagePlayers: 12, imageMasks: 400, estimator: .leastSquares),
        ])
    func leftOutRSquared(_ setup: Case) throws {
        var difference = 0.0
        let games = 20
        let (images, texts) = (setup.imagePlayers, setup.textPlayers)
        for seed in 0..<games {
            let game = SyntheticGame(imagePlayers: images, textPlayers: texts, seed: UInt64(2000 + seed))
            let (image, text) = try game.sides(
                nodes: setup.nodes, imageMasks: setup.imageMasks, textMasks: setup.textMasks, seed: UInt64(seed))
            let values = try estimate(
                image: image, text: text, scale: game.scale, bias: game.bias,
                settings: EstimatorSettings(
                    index: setup.index, p: setup.p, order: setup.order, estimator: setup.estimator,
                    standardErrors: false))
            func isNew(_ coalition: Coalition, _ side: GameSide, of players: Int) -> Bool {
                side.samples.count == 1 << players || side.samples.row(of: coalition) == nil
            }
            let drawn = try evaluationCoalitions(
                imagePlayers: images, textPlayers: texts,
                distribution: setup.index == .shapley ? .shapley : .bernoulli(setup.p), count: 1500, seed: UInt64(seed)
            ).filter { isNew($0.image, image, of: images) && isNew($0.text, text, of: texts) }
            let truth = drawn.map { game.value(image: $0.image, text: $0.text) - values.emptyValue }
            let predicted = drawn.map { pair in
                values.predict(
                    Coalition(pair.image.members + pair.text.members.map { $0 + images }, of: images + texts))
            }
            let held = try #require(try Faithfulness(truth: truth, predicted: predicted).rSquared)
            difference += try #require(values.looR2) - held
        }
        #expect(abs(difference / Double(games)) < 0.03, "off by \(difference / Double(games))")
    }

    @Test func exactResultsHaveNoError() throws {
        let game = SyntheticGame(imagePlayers: 5, textPlayers: 3, seed: 1)
        for index in InteractionIndex.allCases {
            let setup = Case(index: index, imagePlayers: 5, textPlayers: 3, imageMasks: 32, textMasks: 8)
            let values = try game.estimate(
                nodes: setup.nodes, imageMasks: 32, textMasks: 8, settings: EstimatorSettings(index: index))
            let errors = try #require(values.standardErrors)
            #expect((errors.first + errors.pairs + errors.firstOrderReading).allSatisfy { $0 == 0 })
        }
    }
}
