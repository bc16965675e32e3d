import Interactions
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(10))) struct CancelledEstimateTests {
    /// Counts how often an estimate asks whether it is still wanted, and says no from some time on.
    private final class Asked: Sendable {
        private let count = Mutex(0)
        private let limit: Int

        init(cancelAt limit: Int = .max) { self.limit = limit }

        var times: Int { count.withLock { $0 } }

        var isCancelled: @Sendable () -> Bool {
            { [self] in
                count.withLock {
                    $0 += 1
                    return $0 >= limit
                }
            }
        }
    }

    @Test(
        "an estimate ends with a CancellationError wherever it is when it is cancelled",
        arguments: InteractionIndex.allCases, Estimator.allCases)
    func cancelled(index: InteractionIndex, estimator: Estimator) throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 6, seed: 41)
        let nodes =
            index == .shapley ? SamplingNode.shapley(count: 3) : [SamplingNode(probability: 0.5, weight: 1)]
        for (imageMasks, textMasks) in [(30, 64), (150, 40)] {
            let (image, text) = try game.sides(nodes: nodes, imageMasks: imageMasks, textMasks: textMasks)
            func estimate(_ asked: Asked) throws -> InteractionValues {
                try Interactions.estimate(
                    image: image, text: text, scale: game.scale, bias: game.bias,
                    settings: EstimatorSettings(index: index, estimator: estimator), isCancelled: asked.isCancelled)
            }
            let observed = Asked()
            let whole = try estimate(observed)
            #expect(observed.times > 5)
            let plain = try Interactions.estimate(
                image: image, text: text, scale: game.scale, bias: game.bias,
                settings: EstimatorSettings(index: index, estimator: estimator))
            #expect(whole == plain)
            for moment in stride(from: 1, through: observed.times, by: max(1, observed.times / 23)) {
                let asked = Asked(cancelAt: moment)
                #expect(throws: CancellationError.self) { _ = try estimate(asked) }
                #expect(asked.times == moment)
            }
        }
    }

    @Test func anExpansionEndsWhenItIsCancelled() throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 42)
        let plan = try SamplingPlan(banzhaf: 0.5, players: 10, modality: .image)
        let side = try game.side(plan, masks: 200)
        let asked = Asked(cancelAt: 8)
        #expect(throws: CancellationError.self) {
            _ = try SideExpansion(side, p: 0.5, order: 2, standardErrors: true, isCancelled: asked.isCancelled)
        }
    }
}
