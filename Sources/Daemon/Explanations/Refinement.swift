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
    let target: Budget
    let reasonAtTarget: StopReason
    let until: StopRule?
    let selection: Selection
    /// Whether progress reports carry values.
    let sendsValues: Bool
    let report: @Sendable (RefinementProgress) -> Void

    /// How much more masks each published estimate has than the one before.
    static let growth = 1.3
    static let firstMasks = 64
    /// Encoded even if a deadline or a stop comes first: without any there is no answer.
    static let minimumMasks = 8
    /// How many of the strongest pairs a stop rule looks at unless told.
    static let leadingPairs = 10
    /// The largest share of the time that solving estimates may take.
    static let solverShare = 0.2

    /// Runs until the target, a rule, or `control` ends it.
    /// - Returns: why it ended.
    /// - Throws: `CancellationError` if the request was cancelled; the masks encoded until then stay.
    func run(_ control: RefinementControl) async throws -> StopReason {
        let imageTarget = target.imageMasks ?? 0
        var reporter = RefinementReporter(refinement: self)
        var stability = PairStability(topK: until?.topK ?? Self.leadingPairs, rounds: until?.stableRounds)
        var solve: Solve?
        defer { solve?.cancel() }
        await reporter.send(.begin)
        try await encodeText(upTo: target.textMasks ?? 0, control)
        try await encodeImage(upTo: min(imageTarget, Self.minimumMasks), control, interruptible: false)

        while control.ending == nil {
            let reached = await explanation.imageMasks
            if reached < imageTarget {
                let next = max(Self.firstMasks, Int((Double(reached) * Self.growth).rounded(.up)))
                try await encodeImage(upTo: min(imageTarget, next), control)
            }
            if let done = solve, done.isFinished {
                solve = nil
                let estimate = try await done.value
                reporter.solving += done.duration
                await reporter.send(.report, estimate)
                await explanation.record(Explanation.Checkpoint(estimate))
                if let limit = until?.standardError,
                    let largest = estimate.largestLeadingError(topK: until?.topK ?? Self.leadingPairs), largest <= limit
                {
                    control.end(.reason(.standardError))
                } else if stability.isStable(with: estimate) {
                    control.end(.reason(.stable))
                }
            }
            let isComplete = await explanation.imageMasks >= imageTarget
            if isComplete { break }
            if solve == nil, reporter.maySolve(share: Self.solverShare) {
                solve = Solve(explanation, selection, standardErrors: needsStandardErrors, on: solver)
            }
        }
        guard control.ending != .cancelled, !Task.isCancelled else { throw CancellationError() }
        await reporter.send(.end)
        if case .reason(let reason) = control.ending { return reason }
        return reasonAtTarget
    }

    /// Standard errors cost about as much as the values, so they are solved for only where somebody looks at them.
    private var needsStandardErrors: Bool {
        until?.standardError != nil || (selection.standardErrors ?? false)
    }

    /// All text masks come first: they are few, and every estimate needs them.
    private func encodeText(upTo masks: Int, _ control: RefinementControl) async throws {
        let (plan, game) = (explanation.textPlan, explanation.textGame)
        let wanted = plan.missing(upTo: masks, in: await game.samples)
        try await store.makeRoom(for: wanted.count * explanation.lease.model.loaded.dimension * 4)
        _ = try await control.run(interruptible: false) { [encoder, explanation] in
            try await game.encode(wanted) { try await encoder.encodeTexts(of: explanation, $0) }
        }
        await book(game)
        await explanation.advance(
            imageMasks: 0, textMasks: plan.held(by: await game.samples, upTo: masks))
    }

    private func encodeImage(
        upTo masks: Int, _ control: RefinementControl, interruptible: Bool = true
    ) async throws {
        let (plan, game) = (explanation.imagePlan, explanation.imageGame)
        let wanted = plan.missing(upTo: masks, in: await game.samples)
        try await store.makeRoom(for: wanted.count * explanation.lease.model.loaded.dimension * 4)
        let isComplete = try await control.run(interruptible: interruptible) { [encoder, explanation] in
            try await game.encode(wanted) { try await encoder.encodeImages(of: explanation, $0) }
        }
        await book(game)
        let reached = isComplete ? plan.effectiveCount(masks) : plan.held(by: await game.samples, upTo: masks)
        await explanation.advance(imageMasks: reached, textMasks: 0)
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
