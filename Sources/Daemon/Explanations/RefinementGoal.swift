import FIxLIPProtocol
import Interactions

extension RefinementGoal {
    /// How far a refinement is to go, checked and with defaults in place. Without a budget: 512 image masks; with a
    /// deadline or another stop rule alone, as many as the daemon allows.
    /// - Throws: `ApplicationError` of kind `budgetInvalid`, or `ParameterError`.
    init(
        _ parameters: ExplanationRefine.Parameters, for explanation: Explanation, _ configuration: DaemonConfiguration
    ) throws {
        let until = parameters.until
        let hasRule = parameters.deadlineMilliseconds != nil || until != nil
        let isJoint = explanation.settings.sampling == .joint
        let mostImageMasks = isJoint ? Self.maximumPairs(explanation, configuration) : configuration.maximumImageMasks
        let imageMasks =
            parameters.budget?.imageMasks ?? (hasRule ? mostImageMasks : min(Budget.defaultImageMasks, mostImageMasks))
        let textMasks =
            parameters.budget?.textMasks ?? min(Budget.defaultTextMasks, configuration.maximumTextMasks)
        try Self.check(imageMasks, "imageMasks", limit: mostImageMasks)
        try Self.check(textMasks, "textMasks", limit: configuration.maximumTextMasks)
        if isJoint, parameters.budget?.textMasks != nil {
            throw ApplicationError(
                .budgetInvalid,
                "budget.textMasks does not go with joint sampling: budget.imageMasks is the number of pairs, each with a text mask of its own"
            )
        }
        if let deadline = parameters.deadlineMilliseconds, !(deadline > 0 && deadline <= 86_400_000) {
            throw ParameterError("deadlineMilliseconds", "must be above 0 and at most a day; it is \(deadline)")
        }
        if let error = until?.standardError, !(error > 0) {
            throw ParameterError("until.standardError", "must be above 0; it is \(error)")
        }
        try ParameterLimit.pairs.check(until?.topK, "until.topK")
        try ParameterLimit.stableRounds.check(until?.stableRounds, "until.stableRounds")
        // `topK` alone asks for stability; beside `standardError` it says which pairs that is about.
        let asksForStability = until?.stableRounds != nil || (until?.topK != nil && until?.standardError == nil)
        self.init(
            imageMasks: explanation.imagePlan.effectiveCount(imageMasks),
            textMasks: explanation.textPlan.effectiveCount(isJoint ? imageMasks : textMasks),
            standardError: until?.standardError,
            topK: until?.topK ?? (asksForStability ? StopRule.defaultTopK : nil),
            stableRounds: asksForStability ? (until?.stableRounds ?? StopRule.defaultStableRounds) + 1 : .max)
    }

    /// Pairs of masks drawn together that an explanation may ask for: a long caption has as many text masks as pairs.
    private static func maximumPairs(_ explanation: Explanation, _ configuration: DaemonConfiguration) -> Int {
        Coalition.isEnumerable(explanation.textPlayers.count, within: configuration.maximumTextMasks)
            ? configuration.maximumImageMasks : min(configuration.maximumImageMasks, configuration.maximumTextMasks)
    }

    private static func check(_ masks: Int, _ name: String, limit: Int) throws {
        let least = 3
        guard masks >= least else {
            throw ApplicationError(
                .budgetInvalid,
                "budget.\(name) must be at least \(least) (the whole, the empty, and one more); it is \(masks)")
        }
        guard masks <= limit else {
            throw ApplicationError(
                .budgetInvalid,
                "budget.\(name) is \(masks), above the daemon's limit of \(limit) (see --max-image-masks, --max-text-masks)"
            )
        }
    }
}

extension FIxLIPProtocol.StopReason {
    init(_ reason: Interactions.StopReason) {
        switch reason {
        case .budget: self = .budget
        case .deadline: self = .deadline
        case .standardError: self = .standardError
        case .stable: self = .stable
        case .stopped: self = .stopped
        case .exhausted: self = .exhausted
        }
    }
}
