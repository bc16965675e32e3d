import Encoders
import Interactions
import Synchronization

/// A report of how far a refinement has come.
package struct RefinementReport: Sendable {
    enum Kind: Sendable { case begin, estimate, end }

    var kind: Kind
    /// Counts up from 0 within a refinement.
    var sequence: Int
    var imageMasks: Int
    var textMasks: Int
    var elapsedMilliseconds: Double
    var totalImageMasks: Int
    var estimate: InteractionValues?
    /// Among the leading values.
    var largestStandardError: Double?
}

/// Adds masks to an explanation's games and publishes estimates at growing intervals, until a rule says stop.
///
/// While an estimate is being solved, the next masks are encoded already; a solve that took more than its share of the
/// time makes the next one wait.
package struct RefinementRun: Sendable {
    let explanation: Explanation
    let encoder: MaskEncoder
    let store: GameStore
    let solver: WorkThreads
    /// Picks masks, which takes milliseconds where there are many.
    let arithmetic: WorkThreads
    let goal: RefinementGoal
    let deadline: RefinementDeadline?
    let choice: EstimateChoice
    let pace: Pace
    /// Whether somebody looks at the standard errors of each estimate.
    let wantsStandardErrors: Bool
    let report: @Sendable (RefinementReport) -> Void

    /// How far a step goes, and when an estimate is due between the first masks and the last.
    package enum Pace: Sendable {
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
    func run(_ control: RefinementControl) async throws -> RefinementEnd {
        var reporter = RefinementReporter(run: self)
        var schedule = RefinementSchedule(
            goal: goal, plans: explanation.inputs.map(\.plan), now: reporter.seconds, isTimed: pace == .timed)
        var solve: Solve?
        /// Image masks before which no estimate is tried again.
        var nextTry = 0
        defer { solve?.cancel() }
        await reporter.send(.begin)
        if !isJoint { try await encodeTexts(upTo: goal.textMasks, control) }
        if !judgesEachEstimate {
            // Nobody waits for estimates on fewer masks than there are.
            try await explanation.adoptWarmMasks(
                images: goal.imageMasks, texts: goal.textMasks, on: arithmetic)
        }
        let first = step(upTo: Self.minimumMasks, from: 0)
        try await encodeImages(upTo: first, control, interruptible: false)

        while control.ending == nil {
            if let running = solve, running.isFinished || judgesEachEstimate {
                solve = nil
                do {
                    let estimate = try await running.value
                    schedule.published(
                        estimate, imageMasks: estimate.imageMasks, took: running.seconds, now: reporter.seconds)
                    deadline?.leave(.seconds(running.seconds))
                    await reporter.send(.estimate, estimate)
                    await explanation.record(Explanation.Checkpoint(estimate))
                } catch let error as ApplicationError where error.kind == .budgetInvalid {
                    // Too few different masks have come up; the rest of the budget brings more.
                    nextTry = Int(Double(await explanation.imageMasks) * RefinementSchedule.growth) + 1
                }
            }
            let held = await explanation.imageMasks
            let reason = schedule.end(imageMasks: held, textMasks: goal.textMasks)
            if let reason {
                control.end(.reason(reason))
                break
            }
            if solve == nil, pace != .straight, held >= nextTry,
                schedule.isEstimateDue(imageMasks: held, now: reporter.seconds)
            {
                solve = Solve(explanation, choice, standardErrors: needsStandardErrors, on: solver)
                if judgesEachEstimate { continue }
            }
            let next = step(upTo: schedule.nextTarget(imageMasks: held), from: held)
            try await encodeImages(upTo: next, control)
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
        let round = encoder.scheduler.threadCount * explanation.model.loaded.imageMicroBatch
        let rounds = (max(1, masks - held) + round - 1) / round
        return min(goal.imageMasks, held + rounds * round)
    }

    /// With a stop rule, no mask is encoded beyond those that meet it.
    private var judgesEachEstimate: Bool { goal.standardError != nil || goal.topK != nil }

    /// Standard errors cost about as much as the values, so they are solved for only where somebody looks at them.
    private var needsStandardErrors: Bool {
        goal.standardError != nil || wantsStandardErrors
    }

    /// Whether every image mask is drawn with a text mask of its own.
    private var isJoint: Bool { explanation.settings.sampling == .joint }

    /// All text masks come first: they are few, and every estimate needs them.
    private func encodeTexts(upTo masks: Int, _ control: RefinementControl) async throws {
        let texts = explanation.inputs.filter { $0.modality == .text }
        for text in texts { try await encode(text, upTo: masks, control, interruptible: false) }
        await explanation.advance(imageMasks: 0, textMasks: try await held(texts, upTo: masks))
    }

    /// The next masks of the images, or of every input where masks are drawn together.
    private func encodeImages(
        upTo masks: Int, _ control: RefinementControl, interruptible: Bool = true
    ) async throws {
        let inputs =
            isJoint
            ? explanation.inputs.sorted { $0.modality.rawValue > $1.modality.rawValue }
            : explanation.inputs.filter { $0.modality == .image }
        guard !inputs.isEmpty, masks > 0 else { return }
        var isComplete = true
        for input in inputs {
            let isWhole = try await encode(input, upTo: masks, control, interruptible: interruptible)
            isComplete = isComplete && isWhole
        }
        let reached = isComplete && !isJoint ? masks : try await held(inputs, upTo: masks)
        await explanation.advance(imageMasks: reached, textMasks: isJoint ? reached : 0)
    }

    /// Encodes the masks of a plan that its game lacks.
    /// - Returns: false if it was cut short.
    @discardableResult
    private func encode(
        _ input: ExplainedInput, upTo masks: Int, _ control: RefinementControl, interruptible: Bool
    ) async throws -> Bool {
        let game = input.game
        let wanted = try await missing(game, input.plan, upTo: masks)
        return try await store.withRoom(for: wanted.count * explanation.model.loaded.dimension * 4) {
            let isComplete = try await control.run(interruptible: interruptible) { [encoder, explanation] in
                try await game.encode(wanted) {
                    try await input.encode($0, with: encoder, masking: explanation.settings.masking)
                }
            }
            await book(game)
            return isComplete
        }
    }

    private func missing(_ game: MaskedGame, _ plan: SamplingPlan, upTo masks: Int) async throws -> [Coalition] {
        let samples = await game.samples
        return try await arithmetic.run { _ in plan.missing(upTo: masks, in: samples) }
    }

    /// The masks that all of some inputs have.
    ///
    /// A task of its own: masks that a cancelled refinement encoded count all the same.
    private func held(_ inputs: [ExplainedInput], upTo masks: Int) async throws -> Int {
        try await Task { [arithmetic] in
            var counts: [(plan: SamplingPlan, masks: Int)] = []
            for input in inputs {
                let (samples, plan) = (await input.game.samples, input.plan)
                counts.append(
                    (plan: plan, masks: try await arithmetic.run { _ in plan.held(by: samples, upTo: masks) }))
            }
            return Explanation.common(counts)
        }.value
    }

    private func book(_ game: MaskedGame) async {
        let samples = await game.samples
        store.book(game.key, masks: samples.count, bytes: samples.bytes)
    }
}

/// Numbers and times a refinement's reports.
private struct RefinementReporter {
    let run: RefinementRun
    private let start = ContinuousClock.now
    private var sequence = 0

    init(run: RefinementRun) { self.run = run }

    /// Seconds since the refinement began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    mutating func send(_ kind: RefinementReport.Kind, _ estimate: InteractionValues? = nil) async {
        let explanation = run.explanation
        run.report(
            RefinementReport(
                kind: kind, sequence: sequence,
                imageMasks: estimate == nil ? await explanation.imageMasks : estimate?.imageMasks ?? 0,
                textMasks: estimate == nil ? await explanation.textMasks : estimate?.textMasks ?? 0,
                elapsedMilliseconds: (ContinuousClock.now - start).milliseconds,
                totalImageMasks: run.goal.imageMasks, estimate: estimate,
                largestStandardError: estimate?.maximumStandardError(
                    leading: run.goal.topK ?? RefinementGoal.leadingPairs)))
        sequence += 1
    }
}

/// An estimate that is solved while further masks are encoded.
private final class Solve: Sendable {
    private let task: Task<InteractionValues, any Error>
    private let outcome: Outcome

    private final class Outcome: Sendable {
        let duration = Mutex<Duration?>(nil)
    }

    init(_ explanation: Explanation, _ choice: EstimateChoice, standardErrors: Bool, on threads: WorkThreads) {
        let outcome = Outcome()
        let start = ContinuousClock.now
        self.outcome = outcome
        task = Task {
            defer { outcome.duration.withLock { $0 = ContinuousClock.now - start } }
            return try await explanation.estimate(choice, standardErrors: standardErrors, on: threads)
        }
    }

    var isFinished: Bool { outcome.duration.withLock { $0 != nil } }
    /// How long it took; zero while it runs.
    var seconds: Double { outcome.duration.withLock { ($0 ?? .zero) / .seconds(1) } }
    var value: InteractionValues { get async throws { try await task.value } }
    func cancel() { task.cancel() }
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
