import Encoders
import FIxLIPProtocol
import Interactions

/// Adds masks to an explanation's games and publishes estimates at growing intervals, until a rule says stop.
///
/// While an estimate is being solved, the next masks are encoded already; a solve that took more than its share of the
/// time makes the next one wait.
struct Refinement: Sendable {
    let explanation: Explanation
    let encoder: MaskEncoder
    let store: GameStore
    let solver: WorkThreads
    /// Picks masks, which takes milliseconds where there are many.
    let arithmetic: WorkThreads
    let goal: RefinementGoal
    let deadline: RefinementDeadline?
    let selection: Selection
    let pace: Pace
    /// Whether progress reports carry values.
    let sendsValues: Bool
    let report: @Sendable (RefinementProgress) -> Void

    /// How far a step goes, and when an estimate is due between the first masks and the last.
    enum Pace {
        /// As time allows.
        case timed
        /// By the number of masks alone, so that a stop rule finds the same estimates on every run.
        case fixed
        /// Only at the end: nobody looks at an estimate before.
        case straight
    }

    /// Encoded even if a deadline or a stop comes first: without any there is no answer.
    static let minimumMasks = 8

    /// Runs until the target, a rule, or `control` ends it.
    /// - Returns: why it ended.
    /// - Throws: `CancellationError` if the request was cancelled; the masks encoded until then stay.
    func run(_ control: RefinementControl) async throws -> FIxLIPProtocol.StopReason {
        var reporter = RefinementReporter(refinement: self)
        var schedule = Interactions.Refinement(
            goal: goal, image: explanation.imagePlan, text: explanation.textPlan, now: reporter.seconds,
            isTimed: pace == .timed)
        var solve: Solve?
        defer { solve?.cancel() }
        await reporter.send(.begin)
        if !isJoint { try await encodeText(upTo: goal.textMasks, control) }
        if !judgesEachEstimate {
            // Nobody waits for estimates on fewer masks than there are.
            try await explanation.adoptWarmMasks(
                upTo: Budget(imageMasks: goal.imageMasks, textMasks: goal.textMasks), on: arithmetic)
        }
        let first = step(upTo: Self.minimumMasks, from: 0)
        try await encodeImage(upTo: first, control, interruptible: false)

        while control.ending == nil {
            if let running = solve, running.isFinished || judgesEachEstimate {
                solve = nil
                let estimate = try await running.value
                schedule.published(
                    estimate, imageMasks: estimate.imageMasks, took: running.seconds, now: reporter.seconds)
                deadline?.leave(.seconds(running.seconds))
                await reporter.send(.report, estimate)
                await explanation.record(Explanation.Checkpoint(estimate))
            }
            let held = await explanation.imageMasks
            let reason = schedule.stopReason(imageMasks: held, textMasks: goal.textMasks)
            if let reason {
                control.end(.reason(FIxLIPProtocol.StopReason(reason)))
                break
            }
            if solve == nil, pace != .straight, schedule.isEstimateDue(imageMasks: held, now: reporter.seconds) {
                solve = Solve(explanation, selection, standardErrors: needsStandardErrors, on: solver)
                if judgesEachEstimate { continue }
            }
            let next = step(upTo: schedule.nextTarget(imageMasks: held), from: held)
            try await encodeImage(upTo: next, control)
        }
        guard case .reason(let reason) = control.ending, !Task.isCancelled else { throw CancellationError() }
        await reporter.send(.end)
        return reason
    }

    /// At the pace of time, a step leaves no thread without a full micro-batch, short of the goal.
    private func step(upTo masks: Int, from held: Int) -> Int {
        switch pace {
        case .timed: break
        case .fixed: return min(goal.imageMasks, masks)
        case .straight: return goal.imageMasks
        }
        let round = encoder.scheduler.threadCount * explanation.lease.model.loaded.imageMicroBatch
        let rounds = (max(1, masks - held) + round - 1) / round
        return min(goal.imageMasks, held + rounds * round)
    }

    /// With a stop rule, no mask is encoded beyond those that meet it.
    private var judgesEachEstimate: Bool { goal.standardError != nil || goal.topK != nil }

    /// Standard errors cost about as much as the values, so they are solved for only where somebody looks at them.
    private var needsStandardErrors: Bool {
        goal.standardError != nil || (selection.standardErrors ?? EstimateLayout.defaultStandardErrors)
    }

    /// Whether every image mask is drawn with a text mask of its own.
    private var isJoint: Bool { explanation.settings.sampling == .joint }

    /// All text masks come first: they are few, and every estimate needs them.
    private func encodeText(upTo masks: Int, _ control: RefinementControl) async throws {
        let (plan, game) = (explanation.textPlan, explanation.textGame)
        try await encode(plan, game, upTo: masks, control, interruptible: false) { [encoder, explanation] in
            try await encoder.encode($0, of: explanation.maskedText)
        }
        await explanation.advance(imageMasks: 0, textMasks: try await held(game, plan, upTo: masks))
    }

    private func encodeImage(
        upTo masks: Int, _ control: RefinementControl, interruptible: Bool = true
    ) async throws {
        let (plan, game) = (explanation.imagePlan, explanation.imageGame)
        if isJoint { try await encodeTextOfPairs(upTo: masks, control, interruptible) }
        let isComplete = try await encode(plan, game, upTo: masks, control, interruptible: interruptible) {
            [encoder, explanation] in try await encoder.encode($0, of: explanation.maskedImage)
        }
        let reached = isComplete ? plan.effectiveCount(masks) : try await held(game, plan, upTo: masks)
        guard isJoint else { return await explanation.advance(imageMasks: reached, textMasks: 0) }
        let pairs = try await held(explanation.textGame, explanation.textPlan, upTo: reached)
        await explanation.advance(imageMasks: pairs, textMasks: pairs)
    }

    /// The text masks of the next pairs.
    private func encodeTextOfPairs(upTo masks: Int, _ control: RefinementControl, _ interruptible: Bool) async throws {
        try await encode(explanation.textPlan, explanation.textGame, upTo: masks, control, interruptible: interruptible)
        {
            [encoder, explanation] in try await encoder.encode($0, of: explanation.maskedText)
        }
    }

    /// Encodes the masks of a plan that its game lacks.
    /// - Returns: false if it was cut short.
    @discardableResult
    private func encode(
        _ plan: SamplingPlan, _ game: MaskedGame, upTo masks: Int, _ control: RefinementControl, interruptible: Bool,
        with encode: @escaping MaskedGame.Encode
    ) async throws -> Bool {
        let wanted = try await missing(game, plan, upTo: masks)
        return try await store.withRoom(for: wanted.count * explanation.lease.model.loaded.dimension * 4) {
            let isComplete = try await control.run(interruptible: interruptible) {
                try await game.encode(wanted, with: encode)
            }
            await book(game)
            return isComplete
        }
    }

    private func missing(_ game: MaskedGame, _ plan: SamplingPlan, upTo masks: Int) async throws -> [Coalition] {
        let samples = await game.samples
        return try await arithmetic.run { plan.missing(upTo: masks, in: samples) }
    }

    /// A task of its own: masks that a cancelled refinement encoded count all the same.
    private func held(_ game: MaskedGame, _ plan: SamplingPlan, upTo masks: Int) async throws -> Int {
        try await Task { [arithmetic] in
            let samples = await game.samples
            return try await arithmetic.run { plan.held(by: samples, upTo: masks) }
        }.value
    }

    private func book(_ game: MaskedGame) async {
        let samples = await game.samples
        await store.book(game.key, masks: samples.count, bytes: samples.bytes)
    }
}

extension Explanation.Checkpoint {
    init(_ estimate: InteractionValues) {
        self.init(imageMasks: estimate.imageMasks, looR2: estimate.looR2, reading: estimate.firstOrderReading)
    }
}

extension Duration {
    var milliseconds: Double {
        Double(components.seconds) * 1e3 + Double(components.attoseconds) * 1e-15
    }
}
