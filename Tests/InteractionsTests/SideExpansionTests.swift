import Interactions
import Testing

/// What an image says by itself is kept for later captions; keeping it must change nothing.
@Suite(.timeLimit(.minutes(10)))
struct SideExpansionTests {
    let nodes = [SamplingNode(probability: 0.5, weight: 1)]

    /// Dual form, primal form, repeated masks, all masks.
    @Test(
        "a kept expansion gives the numbers of a fresh one",
        arguments: [(14, 60), (14, 100), (14, 700), (7, 100), (7, 128)], [1, 2])
    func keepingChangesNothing(setup: (players: Int, masks: Int), order: Int) throws {
        let image = SyntheticGame(imagePlayers: setup.players, textPlayers: 5, seed: 11)
        let plan = try SamplingPlan(players: setup.players, modality: .image, nodes: nodes, seed: 3)
        let textPlan = try SamplingPlan(players: 5, modality: .text, nodes: nodes, seed: 3)
        let side = try image.side(plan, masks: setup.masks)
        let kept = try SideExpansion(side, p: 0.5, order: order, standardErrors: true)
        for (errors, textMasks) in [(true, 32), (false, 32), (true, 20)] {
            let settings = EstimatorSettings(order: order, standardErrors: errors)
            let text = try image.side(textPlan, masks: textMasks)
            let fresh = try estimate(image: side, text: text, scale: 10, bias: -3, settings: settings)
            #expect(kept.serves(side, settings: settings))
            #expect(
                try estimate(image: side, text: text, scale: 10, bias: -3, settings: settings, expansion: kept) == fresh
            )
        }
    }

    @Test("going on from fewer masks gives what starting with more gives", arguments: [(14, 600), (7, 110)])
    func earlierExpansionsLeaveNoTrace(setup: (players: Int, masks: Int)) throws {
        let game = SyntheticGame(imagePlayers: setup.players, textPlayers: 4, seed: 12)
        let plan = try SamplingPlan(players: setup.players, modality: .image, nodes: nodes, seed: 4)
        let text = try game.side(try SamplingPlan(players: 4, modality: .text, nodes: nodes), masks: 16)
        let side = try game.side(plan, masks: setup.masks)
        var earlier: SideExpansion?
        for masks in [setup.masks * 2 / 3, setup.masks * 5 / 6, setup.masks] {
            earlier = try SideExpansion(
                GameSide(samples: side.samples, plan: plan, masks: masks), p: 0.5, order: 2, standardErrors: true,
                earlier: earlier)
        }
        let settings = EstimatorSettings()
        #expect(
            try estimate(image: side, text: text, scale: 10, settings: settings, expansion: earlier)
                == estimate(image: side, text: text, scale: 10, settings: settings))
    }

    @Test func anExpansionThatDoesNotServeIsNotUsed() throws {
        let game = SyntheticGame(imagePlayers: 9, textPlayers: 4, seed: 13)
        let plan = try SamplingPlan(players: 9, modality: .image, nodes: nodes)
        let text = try game.side(try SamplingPlan(players: 4, modality: .text, nodes: nodes), masks: 16)
        let side = try game.side(plan, masks: 200)
        let fewer = GameSide(samples: side.samples, plan: plan, masks: 100)
        let plain = try SideExpansion(fewer, p: 0.5, order: 2, standardErrors: false)
        #expect(!plain.serves(side, settings: EstimatorSettings(standardErrors: false)))
        #expect(!plain.serves(fewer, settings: EstimatorSettings(standardErrors: true)))
        #expect(!plain.serves(fewer, settings: EstimatorSettings(order: 1, standardErrors: false)))
        #expect(
            try estimate(image: side, text: text, scale: 10, settings: EstimatorSettings(), expansion: plain)
                == estimate(image: side, text: text, scale: 10, settings: EstimatorSettings()))
    }

    @Test func memoryGrowsWithTheMasks() throws {
        let game = SyntheticGame(imagePlayers: 12, textPlayers: 4, seed: 14)
        let plan = try SamplingPlan(players: 12, modality: .image, nodes: nodes)
        let side = try game.side(plan, masks: 70)
        let bytes = try SideExpansion(side, p: 0.5, order: 2, standardErrors: false).bytes
        // At least the dual weights (f64) and the embeddings (f32).
        #expect(bytes >= 60 * game.dimension * 12)
        #expect(try SideExpansion(side, p: 0.5, order: 2, standardErrors: true).bytes > bytes)
    }
}
