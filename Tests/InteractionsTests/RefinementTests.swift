import Interactions
import Testing

@Suite(.timeLimit(.minutes(10)))
struct RefinementTests {
    static func refinement(_ goal: RefinementGoal, imagePlayers: Int = 49, isTimed: Bool = true) throws
        -> RefinementSchedule
    {
        RefinementSchedule(
            goal: goal,
            plans: [
                try SamplingPlan(banzhaf: 0.5, players: imagePlayers, modality: .image),
                try SamplingPlan(banzhaf: 0.5, players: 6, modality: .text),
            ], now: 0, isTimed: isTimed)
    }

    @Test func estimatesComeAtGrowingIntervals() throws {
        var refinement = try Self.refinement(RefinementGoal(imageMasks: 1000, textMasks: 64))
        let values = try randomValues(imagePlayers: 4, textPlayers: 2)
        var published: [Int] = []
        for masks in 1...1000 where refinement.isEstimateDue(imageMasks: masks, now: 0.01 * Double(masks)) {
            refinement.published(values, imageMasks: masks, took: 0.0001, now: 0.01 * Double(masks))
            published.append(masks)
        }
        #expect(published.first == RefinementSchedule.firstEstimate && published.last == 1000)
        for (a, b) in zip(published, published.dropFirst().dropLast()) {
            #expect(Double(b) >= 1.3 * Double(a) && Double(b) < 1.3 * Double(a) + 1)
        }
    }

    @Test func theFirstEstimateComesEarlyWhereMasksAreSlow() throws {
        let values = try randomValues(imagePlayers: 4, textPlayers: 2)
        // Image masks a second, and whether the clock counts.
        for (rate, isTimed, first) in [(20.0, true, 16), (40, true, 32), (20, false, 32)] {
            var refinement = try Self.refinement(RefinementGoal(imageMasks: 1000, textMasks: 64), isTimed: isTimed)
            var held = 0
            repeat {
                held = refinement.nextTarget(imageMasks: held)
            } while !refinement.isEstimateDue(imageMasks: held, now: Double(held) / rate)
            #expect(held == first)
            refinement.published(values, imageMasks: held, took: 0, now: Double(held) / rate)
            #expect(refinement.nextTarget(imageMasks: held) >= 32)
        }
    }

    @Test func estimatingTakesNoMoreThanAFifthOfTheTime() throws {
        var refinement = try Self.refinement(RefinementGoal(imageMasks: 100_000, textMasks: 64))
        let values = try randomValues(imagePlayers: 4, textPlayers: 2)
        var (now, estimating) = (0.0, 0.0)
        var masks = 0
        while masks < 50_000 {
            masks += 10
            now += 0.1
            if refinement.isEstimateDue(imageMasks: masks, now: now) {
                now += 30
                estimating += 30
                refinement.published(values, imageMasks: masks, took: 30, now: now)
            }
        }
        // The last estimate's waiting time may not have passed yet.
        #expect(estimating - 30 <= 0.2 * now)
    }

    @Test func withoutTimeEstimatesDependOnTheMasksAlone() throws {
        let values = try randomValues(imagePlayers: 4, textPlayers: 2)
        func published(took: Double) throws -> [Int] {
            var refinement = try Self.refinement(RefinementGoal(imageMasks: 1000, textMasks: 64), isTimed: false)
            var result: [Int] = []
            for masks in 1...1000 where refinement.isEstimateDue(imageMasks: masks, now: 0.01 * Double(masks)) {
                refinement.published(values, imageMasks: masks, took: took, now: 0.01 * Double(masks) + took)
                result.append(masks)
            }
            return result
        }
        #expect(try published(took: 0.001) == published(took: 30))
    }

    @Test func theNextTargetIsAhead() throws {
        let refinement = try Self.refinement(RefinementGoal(imageMasks: 500, textMasks: 64))
        for masks in 0..<500 {
            let target = refinement.nextTarget(imageMasks: masks)
            #expect(target > masks && target <= 500)
        }
    }

    @Test func stopRules() throws {
        let reached = try Self.refinement(RefinementGoal(imageMasks: 500, textMasks: 64))
        #expect(reached.end(imageMasks: 499, textMasks: 64) == nil)
        #expect(reached.end(imageMasks: 500, textMasks: 64) == .budget)
        let all = try Self.refinement(RefinementGoal(imageMasks: 512, textMasks: 64), imagePlayers: 9)
        #expect(all.end(imageMasks: 512, textMasks: 64) == .exhausted)
    }

    @Test func stableLeadersStop() throws {
        var refinement = try Self.refinement(RefinementGoal(imageMasks: 5000, textMasks: 64, topK: 3, stableRounds: 2))
        let (a, b) = (
            try randomValues(imagePlayers: 4, textPlayers: 2, seed: 1),
            try randomValues(imagePlayers: 4, textPlayers: 2, seed: 2)
        )
        for (round, values) in [a, b, a].enumerated() {
            refinement.published(values, imageMasks: 100 + round, took: 0, now: 0)
            #expect(refinement.end(imageMasks: 100, textMasks: 64) == nil)
        }
        refinement.published(a, imageMasks: 200, took: 0, now: 0)
        #expect(refinement.end(imageMasks: 200, textMasks: 64) == .stable)
    }

    @Test func smallErrorsStop() throws {
        let game = SyntheticGame(imagePlayers: 10, textPlayers: 4, seed: 3)
        func values(_ masks: Int) throws -> InteractionValues {
            try game.estimate(
                nodes: [SamplingNode(probability: 0.5, weight: 1)], imageMasks: masks, textMasks: 16,
                settings: EstimatorSettings())
        }
        let error = try #require(try values(200).maximumStandardError())
        var refinement = try Self.refinement(RefinementGoal(imageMasks: 5000, textMasks: 64, standardError: error))
        refinement.published(try values(40), imageMasks: 40, took: 0, now: 0)
        #expect(refinement.end(imageMasks: 40, textMasks: 64) == nil)
        refinement.published(try values(200), imageMasks: 200, took: 0, now: 0)
        #expect(refinement.end(imageMasks: 200, textMasks: 64) == .standardError)
    }
}
