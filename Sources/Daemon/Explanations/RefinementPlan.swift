import FIxLIPProtocol
import Interactions

/// How far a refinement is to go, checked and with defaults in place.
struct RefinementPlan: Sendable {
    var target: Budget
    /// What to answer when the target is reached: that every mask is encoded, or that the budget is spent.
    var reasonAtTarget: StopReason

    static let defaultImageMasks = 512
    /// All text masks up to 2^8, else this many sampled.
    static let defaultTextMasks = 256

    /// Without a budget: 512 image masks; with a deadline or another stop rule alone, as many as the daemon allows.
    /// - Throws: `ApplicationError` of kind `budgetInvalid`, or `ParameterError`.
    init(
        _ parameters: ExplanationRefine.Parameters, for explanation: Explanation, _ configuration: DaemonConfiguration
    ) throws {
        let hasRule = parameters.deadlineMilliseconds != nil || parameters.until != nil
        let imageMasks =
            parameters.budget?.imageMasks ?? (hasRule ? configuration.maximumImageMasks : Self.defaultImageMasks)
        let textMasks = parameters.budget?.textMasks ?? Self.defaultTextMasks
        try Self.check(imageMasks, "imageMasks", limit: configuration.maximumImageMasks)
        try Self.check(textMasks, "textMasks", limit: configuration.maximumTextMasks)
        if let deadline = parameters.deadlineMilliseconds, !(deadline > 0 && deadline <= 86_400_000) {
            throw ParameterError("deadlineMilliseconds", "must be above 0 and at most a day; it is \(deadline)")
        }
        if let error = parameters.until?.standardError, !(error > 0) {
            throw ParameterError("until.standardError", "must be above 0; it is \(error)")
        }
        if let count = parameters.until?.topK, count < 1 {
            throw ParameterError("until.topK", "must be at least 1; it is \(count)")
        }
        if let rounds = parameters.until?.stableRounds, rounds < 1 {
            throw ParameterError("until.stableRounds", "must be at least 1; it is \(rounds)")
        }
        target = Budget(
            imageMasks: explanation.imagePlan.effectiveCount(imageMasks),
            textMasks: explanation.textPlan.effectiveCount(textMasks))
        reasonAtTarget = explanation.imagePlan.isEnumerated(at: imageMasks) ? .exhausted : .budget
    }

    private static func check(_ masks: Int, _ name: String, limit: Int) throws {
        guard masks >= 1 else {
            throw ApplicationError(.budgetInvalid, "budget.\(name) must be at least 1; it is \(masks)")
        }
        guard masks <= limit else {
            throw ApplicationError(
                .budgetInvalid,
                "budget.\(name) is \(masks), above the daemon's limit of \(limit) (see --max-image-masks, --max-text-masks)")
        }
    }
}
