import Interactions
import LinearAlgebra
import TestSupport
import Testing

@Suite("What is expected of an image before its masks", .timeLimit(.minutes(10)))
struct SidePriorTests {
    private static let games = (0..<8).map { SceneGame(seed: UInt64(300 + $0)) }

    /// Mean R² over the games without and with a prior.
    private func scores(
        masks: Int, _ prior: (SceneGame) throws -> SidePrior
    ) throws -> (plain: Double, informed: Double) {
        var (plain, informed) = (0.0, 0.0)
        for game in Self.games {
            plain += try game.rSquared(game.estimate(masks: masks, prior: nil)) / Double(Self.games.count)
            informed += try game.rSquared(game.estimate(masks: masks, prior: prior(game))) / Double(Self.games.count)
        }
        return (plain, informed)
    }

    @Test("states of the patches that say what they show stand for many masks", arguments: [(16, 0.1), (24, -0.02)])
    func goodStatesSaveMasks(_ example: (masks: Int, gain: Double)) throws {
        let (plain, informed) = try scores(masks: example.masks) { try $0.prior() }
        #expect(informed > plain + example.gain, "\(informed) with the states, \(plain) without")
    }

    @Test("states that mislead cost next to nothing from 64 masks on", arguments: [66, 100, 200])
    func misleadingStatesAreNotFollowed(masks: Int) throws {
        let shuffled = try scores(masks: masks) { try $0.prior($0.shuffled(seed: 77)) }
        #expect(shuffled.informed > shuffled.plain - 0.01, "\(shuffled.informed) shuffled, \(shuffled.plain) without")
        let outliers = try scores(masks: masks) { try $0.prior($0.withOutliers()) }
        #expect(outliers.informed > outliers.plain - 0.01, "\(outliers.informed) outliers, \(outliers.plain) without")
    }

    @Test("regressions, and a side that is enumerated, have the same bits with and without")
    func exactEstimatesDoNotAsk() throws {
        let game = Self.games[0]
        let settings = EstimatorSettings(estimator: .leastSquares, standardErrors: false)
        #expect(
            try game.estimate(masks: 200, prior: game.prior(), settings: settings)
                == game.estimate(masks: 200, prior: nil, settings: settings))
        let small = SyntheticGame(imagePlayers: 7, textPlayers: 3, seed: 8)
        let sides = try small.sides(
            nodes: [SamplingNode(probability: 0.5, weight: 1)], imageMasks: 128, textMasks: 8)
        let prior = SidePrior(
            energies: (0..<7).map { Double($0) },
            mean: Matrix(rows: 7, columns: 16, elements: (0..<112).map { Double($0 % 5) }), identity: "other")
        let informed = GameSide(
            samples: sides.image.samples, plan: sides.image.plan, masks: sides.image.masks, prior: prior)
        #expect(
            try estimate(image: informed, text: sides.text, scale: 10, settings: EstimatorSettings())
                == estimate(image: sides.image, text: sides.text, scale: 10, settings: EstimatorSettings()))
    }

    @Test("a refinement in steps gives what one at once gives, and a kept expansion serves its own prior alone")
    func stepsLeaveNoTrace() throws {
        let game = Self.games[1]
        let prior = try game.prior()
        let side = try game.side(masks: 300, prior: prior)
        var earlier: SideExpansion?
        for masks in [20, 90, 150, 200, 260, 300] {
            let step = GameSide(samples: side.samples, plan: side.plan, masks: masks, prior: prior)
            earlier = try SideExpansion(step, p: 0.5, order: 2, standardErrors: true, earlier: earlier)
        }
        let settings = EstimatorSettings()
        let text = try game.textSide()
        #expect(
            try estimate(image: side, text: text, scale: 10, settings: settings, expansion: earlier)
                == estimate(image: side, text: text, scale: 10, settings: settings))
        #expect(earlier?.serves(side, settings: settings) == true)
        #expect(earlier?.serves(try game.side(masks: 300), settings: settings) == false)
        let other = try #require(
            PatchPrior(states: game.states, whole: game.whole).side(
                ImagePlayers(patchRows: 6, patchColumns: 6), identity: "another"))
        #expect(earlier?.serves(try game.side(masks: 300, prior: other), settings: settings) == false)
    }

    @Test("many masks speak for themselves: the same bits with and without", arguments: [194, 400, 1200])
    func manyMasksAreNotInformed(masks: Int) throws {
        let game = Self.games[2]
        let settings = EstimatorSettings()
        #expect(
            try game.estimate(masks: masks, prior: game.prior(), settings: settings)
                == game.estimate(masks: masks, prior: nil, settings: settings))
    }

    /// The mean of 1,024 coalitions' estimates under other seeds stands for the truth.
    @Test("true values lie within the standard errors of rough estimates", arguments: [16, 32, 64])
    func errorsOfRoughEstimates(masks: Int) throws {
        var (inside, all) = (0, 0)
        for game in Self.games {
            let truth = try game.estimate(masks: 3000, prior: nil).firstOrderReading
            for seed in UInt64(1)...3 {
                let values = try Interactions.estimate(
                    image: game.side(masks: masks, seed: seed, prior: game.prior()), text: game.textSide(), scale: 10,
                    settings: EstimatorSettings())
                let errors = try #require(values.standardErrors).firstOrderReading
                for i in 0..<SceneGame.players {
                    all += 1
                    if abs(values.firstOrderReading[i] - truth[i]) <= 1.96 * errors[i] { inside += 1 }
                }
            }
        }
        let share = Double(inside) / Double(all)
        #expect(share > 0.9 && share < 0.99, "\(share)")
    }

    @Test("players of several patches have the sums of their patches; what is common to all counts nothing")
    func coarserPlayersAreSummed() throws {
        let game = Self.games[3]
        let pass = PatchPrior(states: game.states, whole: game.whole)
        for k in 0..<SceneGame.dimension {
            let sum = (0..<36).reduce(0.0) { $0 + pass.deviations[$1, k] }
            #expect(abs(sum) < 1e-4)
        }
        for i in 0..<36 {
            let along = (0..<SceneGame.dimension).reduce(0.0) { $0 + pass.deviations[i, $1] * Double(game.whole[$1]) }
            #expect(abs(along) < 1e-4)
        }
        let grid = try ImagePlayers(patchRows: 6, patchColumns: 6, rows: 2, columns: 3)
        let prior = try #require(pass.side(grid, identity: "pass"))
        let mean = try #require(prior.mean)
        #expect(prior.relevance.count == 6 && mean.rows == 6)
        for player in 0..<6 {
            for k in 0..<SceneGame.dimension {
                let sum = grid.patches(of: player).reduce(0.0) { $0 + pass.deviations[$1, k] }
                #expect(abs(mean[player, k] - sum) < 1e-9)
            }
        }
        #expect(abs(prior.relevance.reduce(0, +) - 6) < 1e-9 && prior.relevance.allSatisfy { $0 > 0.2 })
    }

    @Test("states that say nothing, or are no numbers, leave all players alike")
    func emptyStates() throws {
        let game = Self.games[4]
        let players = try ImagePlayers(patchRows: 6, patchColumns: 6)
        let same = [Float](repeating: 1, count: 36 * SceneGame.dimension)
        let flat = try #require(PatchPrior(states: same, whole: game.whole).side(players, identity: "pass"))
        #expect(flat.relevance == [Double](repeating: 1, count: 36))
        #expect(try game.estimate(masks: 60, prior: flat) == game.estimate(masks: 60, prior: nil))
        #expect(
            PatchPrior(states: same.map { $0 * .infinity }, whole: game.whole).side(players, identity: "pass") == nil)
        #expect(PatchPrior(states: [1, 2], whole: game.whole).side(players, identity: "pass") == nil)
    }
}
