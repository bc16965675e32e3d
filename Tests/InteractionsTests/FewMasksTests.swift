import Interactions
import Testing

/// Budgets so small that some estimators cannot work with them.
@Suite(.timeLimit(.minutes(10))) struct FewMasksTests {
    private struct Setup: CustomTestStringConvertible {
        var index: InteractionIndex
        var estimator: Estimator
        var isJoint: Bool
        var testDescription: String { "\(index) \(estimator) \(isJoint ? "joint" : "crossed")" }
    }

    private static let setups = InteractionIndex.allCases.flatMap { index in
        Estimator.allCases.flatMap { estimator in
            [false, true].map { Setup(index: index, estimator: estimator, isJoint: $0) }
        }
    }

    private func estimate(_ setup: Setup, masks: Int, p: Double = 0.5) throws -> (InteractionValues, least: Int) {
        let game = SyntheticGame(imagePlayers: 8, textPlayers: 3, seed: 31)
        let settings = EstimatorSettings(index: setup.index, p: p, estimator: setup.estimator)
        let plans: (image: SamplingPlan, text: SamplingPlan)
        if setup.isJoint {
            let draws = try JointDraws(
                imagePlayers: 8, textPlayers: 3, distribution: setup.index == .banzhaf ? .bernoulli(p) : .shapley,
                seed: 3)
            plans = (SamplingPlan(joint: draws, modality: .image), SamplingPlan(joint: draws, modality: .text))
        } else {
            let nodes =
                setup.index == .banzhaf
                ? [SamplingNode(probability: p, weight: 1)] : SamplingNode.shapley(count: 3)
            plans = try (
                SamplingPlan(players: 8, modality: .image, nodes: nodes, seed: 3),
                SamplingPlan(players: 3, modality: .text, nodes: nodes, seed: 3)
            )
        }
        let values = try Interactions.estimate(
            image: game.side(plans.image, masks: masks), text: game.side(plans.text, masks: setup.isJoint ? masks : 8),
            scale: 10, bias: -3, settings: settings)
        return (values, plans.image.leastMasks(settings))
    }

    @Test("a budget gives an estimate, or the error names the least that does", arguments: setups)
    private func leastBudget(setup: Setup) throws {
        for masks in 3...7 {
            do {
                let (values, least) = try estimate(setup, masks: masks)
                #expect(masks >= least)
                #expect(values.flat.allSatisfy { $0.isFinite })
            } catch InteractionError.tooFewMasks(let message) {
                // The masks were all different.
                #expect(masks < 5)
                #expect(message.contains("at least 5"))
            }
        }
    }

    @Test("players that are nearly always present need more draws, and the error says so")
    func nearlyAlwaysPresent() throws {
        let setup = Setup(index: .banzhaf, estimator: .ridge, isJoint: false)
        let error = #expect(throws: InteractionError.self) { _ = try estimate(setup, masks: 12, p: 0.999) }
        #expect(error?.description.contains("among the 10 drawn") == true)
        #expect(error?.description.contains("nearer to 0.5") == true)
        let values = try estimate(setup, masks: 120, p: 0.98).0
        #expect(values.flat.allSatisfy { $0.isFinite })
    }
}
