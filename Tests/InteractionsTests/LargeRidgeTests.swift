import Interactions
import Testing

/// More masks and features than are solved for directly, with the limits lowered to what a test can afford.
@Suite(.timeLimit(.minutes(10)))
struct LargeRidgeTests {
    /// Fewer masks than features; more, which is otherwise solved for the features; repeated masks.
    @Test(
        "the iterative solve gives what the direct one gives", arguments: [(14, 60), (14, 100), (14, 700), (7, 100)],
        [1, 2])
    func iterativeEqualsDirect(setup: (players: Int, masks: Int), order: Int) throws {
        let game = SyntheticGame(imagePlayers: setup.players, textPlayers: 4, seed: 21)
        func estimate(_ limits: RidgeLimits) throws -> InteractionValues {
            try game.estimate(
                nodes: [SamplingNode(probability: 0.4, weight: 1)], imageMasks: setup.masks, textMasks: 16, seed: 5,
                settings: EstimatorSettings(p: 0.4, order: order, ridgeLimits: limits))
        }
        let direct = try estimate(RidgeLimits())
        let iterative = try estimate(RidgeLimits(direct: 6, iterative: 10_000))
        #expect(iterative.scope == direct.scope)
        #expect(iterative != direct)
        #expect(iterative.isConverged && direct.isConverged)
        #expect(relativeDifference(iterative.flat, direct.flat) < 1e-7)
        #expect(abs(try #require(iterative.looR2) - #require(direct.looR2)) < 1e-3)
        let (found, wanted) = (try #require(iterative.standardErrors), try #require(direct.standardErrors))
        #expect(relativeDifference(found.first, wanted.first) < 0.01)
        #expect(relativeDifference(found.pairs, wanted.pairs) < 0.01)
        #expect(relativeDifference(found.firstOrderReading, wanted.firstOrderReading) < 0.01)
    }

    @Test(
        "a solve that is given too few steps says that it ended early; its values are near all the same",
        arguments: [1, 2])
    func endedEarly(order: Int) throws {
        let game = SyntheticGame(imagePlayers: 14, textPlayers: 4, seed: 24)
        func estimate(_ limits: RidgeLimits) throws -> InteractionValues {
            try game.estimate(
                nodes: [SamplingNode(probability: 0.5, weight: 1)], imageMasks: 200, textMasks: 16, seed: 5,
                settings: EstimatorSettings(order: order, standardErrors: false, ridgeLimits: limits))
        }
        let direct = try estimate(RidgeLimits())
        #expect(direct.isConverged)
        #expect(try estimate(RidgeLimits(direct: 6, iterative: 10_000)).isConverged)
        let early = try estimate(RidgeLimits(direct: 6, iterative: 10_000, steps: 1))
        #expect(!early.isConverged)
        #expect(relativeDifference(early.flat, direct.flat) < 0.05)
    }

    @Test("beyond the limit, pairs within the image are left out, and the result says so")
    func restricted() throws {
        let game = SyntheticGame(imagePlayers: 14, textPlayers: 4, seed: 22)
        func estimate(_ limits: RidgeLimits) throws -> InteractionValues {
            try game.estimate(
                nodes: [SamplingNode(probability: 0.5, weight: 1)], imageMasks: 900, textMasks: 16,
                settings: EstimatorSettings(standardErrors: false, ridgeLimits: limits))
        }
        let whole = try estimate(RidgeLimits(direct: 40, iterative: 1000))
        let restricted = try estimate(RidgeLimits(direct: 40, iterative: 800))
        #expect(whole.scope == .all && restricted.scope == .crossModal)
        #expect(whole.pair(0, 1) != 0 && restricted.pair(0, 1) == 0)
        #expect(restricted.pair(14, 15) != 0)
        #expect(relativeDifference(restricted.crossModalPairs, whole.crossModalPairs) < 0.1)
    }

    @Test func anExpansionOfOtherLimitsIsNotUsed() throws {
        let game = SyntheticGame(imagePlayers: 9, textPlayers: 4, seed: 23)
        let plan = try SamplingPlan(banzhaf: 0.5, players: 9, modality: .image)
        let side = try game.side(plan, masks: 100)
        let large = try SideExpansion(side, p: 0.5, order: 2, standardErrors: false, limits: RidgeLimits(direct: 20))
        #expect(!large.serves(side, settings: EstimatorSettings(standardErrors: false)))
        #expect(
            large.serves(side, settings: EstimatorSettings(standardErrors: false, ridgeLimits: RidgeLimits(direct: 20)))
        )
    }
}
