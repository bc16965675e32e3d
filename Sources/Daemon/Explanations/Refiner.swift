import Interactions

/// What a refinement ended with.
struct Refined: Sendable {
    let reason: RefinementEnd
    let estimate: InteractionValues
    let elapsedMilliseconds: Double
}

/// Refines explanations as requests ask.
package struct Refiner: Sendable {
    let explanations: ExplanationStore
    let scheduler: EncodeScheduler
    let games: GameStore
    let solver: WorkThreads
    let arithmetic: WorkThreads
    let limits: MaskLimits
    /// nil where nothing is learnt.
    let learning: Learning?

    package init(
        explanations: ExplanationStore, scheduler: EncodeScheduler, games: GameStore, solver: WorkThreads,
        arithmetic: WorkThreads, limits: MaskLimits, learning: Learning? = nil
    ) {
        self.explanations = explanations
        self.scheduler = scheduler
        self.games = games
        self.solver = solver
        self.arithmetic = arithmetic
        self.limits = limits
        self.learning = learning
    }

    /// Adds masks until the request is met, and estimates on them.
    /// - Parameter check: called once the request is known to be in order, before anything is encoded.
    /// - Throws: as ``addMasks(_:_:choice:standardErrors:pace:control:checking:report:)``.
    func refine(
        _ explanation: Explanation, _ request: RefinementRequest, choice: EstimateChoice, standardErrors: Bool,
        pace: RefinementRun.Pace, checking check: () throws -> Void,
        report: @escaping @Sendable (RefinementReport) -> Void
    ) async throws -> Refined {
        let start = ContinuousClock.now
        let reason = try await addMasks(
            explanation, request, choice: choice, standardErrors: standardErrors, pace: pace, checking: check,
            report: report)
        let estimate = try await explanation.estimate(choice, standardErrors: standardErrors, on: solver)
        await explanation.record(Explanation.Checkpoint(estimate))
        await explanations.touch(explanation.id)
        await learning?.learn(from: explanation, masks: await explanation.imageMasks)
        return Refined(
            reason: reason, estimate: estimate, elapsedMilliseconds: (ContinuousClock.now - start).milliseconds)
    }

    /// Adds masks until the request is met.
    /// - Parameters:
    ///   - choice: which estimates are made on the way.
    ///   - check: called once the request is known to be in order, before anything is encoded.
    /// - Returns: what ended it.
    /// - Throws: `ApplicationError` of kind `budgetInvalid`, `ParameterError`, what `check` throws; `CancellationError`
    ///   if the request was cancelled: the masks encoded until then stay.
    package func addMasks(
        _ explanation: Explanation, _ request: RefinementRequest, choice: EstimateChoice = EstimateChoice(),
        standardErrors: Bool = false, pace: RefinementRun.Pace = .timed,
        control: RefinementControl = RefinementControl(), checking check: () throws -> Void = {},
        report: @escaping @Sendable (RefinementReport) -> Void = { _ in }
    ) async throws -> RefinementEnd {
        guard await !explanation.isImported else {
            throw ApplicationError(
                .budgetInvalid,
                "the explanation '\(explanation.id)' was imported and has no masks to add to; "
                    + "open its image and caption with explanation/open to estimate anew")
        }
        let goal = try RefinementGoal(request, for: explanation, limits: limits)
        try check()
        let deadline = request.deadlineMilliseconds.map {
            RefinementDeadline(.now + .milliseconds($0), ending: control)
        }
        defer { deadline?.cancel() }
        let run = RefinementRun(
            explanation: explanation, encoder: explanation.encoder(on: scheduler), store: games, solver: solver,
            arithmetic: arithmetic, goal: goal, deadline: deadline, choice: choice, pace: pace,
            wantsStandardErrors: standardErrors, report: report)
        return try await explanations.using(explanation, refiningBy: control) {
            try await withTaskCancellationHandler {
                try await run.run(control)
            } onCancel: {
                control.end(.cancelled)
            }
        }
    }
}
