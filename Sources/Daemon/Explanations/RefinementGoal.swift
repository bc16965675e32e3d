import Interactions

/// How far a client asks a refinement to go; nil leaves it to the daemon.
package struct RefinementRequest: Sendable {
    var imageMasks: Int?
    var textMasks: Int?
    var deadlineMilliseconds: Double?
    var until: Until?

    /// When an estimate is good enough.
    package struct Until: Sendable {
        /// Largest standard error, in logits, that the leading values may have.
        var standardError: Double?
        /// How many of the strongest pairs are looked at.
        var topK: Int?
        /// Over how many successive estimates those pairs must stay the same.
        var stableRounds: Int?
        /// What they are where they are looked at and not given.
        var usualTopK: Int
        var usualStableRounds: Int

        /// `topK` alone asks for stability; beside `standardError` it says which pairs that is about.
        var asksForStability: Bool { stableRounds != nil || (topK != nil && standardError == nil) }
    }

    package init(
        imageMasks: Int? = nil, textMasks: Int? = nil, deadlineMilliseconds: Double? = nil, until: Until? = nil
    ) {
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.deadlineMilliseconds = deadlineMilliseconds
        self.until = until
    }
}

extension RefinementGoal {
    /// How far a refinement is to go, checked and with defaults in place. Without a budget: 512 image masks; with a
    /// deadline or another stop rule alone, as many as the daemon allows.
    /// - Throws: `ApplicationError` of kind `budgetInvalid`, or `ParameterError`.
    init(_ request: RefinementRequest, for explanation: Explanation, limits: MaskLimits) throws {
        let until = request.until
        let hasRule = request.deadlineMilliseconds != nil || until != nil
        let isJoint = explanation.settings.sampling == .joint
        let mostImageMasks = isJoint ? Self.maximumPairs(explanation, limits) : limits.image
        let imageMasks =
            request.imageMasks ?? (hasRule ? mostImageMasks : min(limits.usualImage, mostImageMasks))
        let textMasks = request.textMasks ?? min(limits.usualText, limits.text)
        let settings = EstimatorSettings(index: explanation.settings.index, estimator: explanation.settings.estimator)
        func plans(_ modality: Modality) -> [SamplingPlan] {
            explanation.inputs.map(\.plan).filter { $0.modality == modality }
        }
        func least(_ plans: [SamplingPlan]) -> Int { plans.map { $0.leastMasks(settings) }.max() ?? 0 }
        let driving = isJoint ? explanation.inputs.map(\.plan) : plans(.image)
        if !driving.isEmpty {
            try Self.check(imageMasks, "imageMasks", least: least(driving), limit: mostImageMasks)
        }
        if !plans(.text).isEmpty {
            try Self.check(textMasks, "textMasks", least: isJoint ? 0 : least(plans(.text)), limit: limits.text)
        }
        if isJoint, request.textMasks != nil {
            throw ApplicationError(
                .budgetInvalid,
                "budget.textMasks does not go with joint sampling: budget.imageMasks is the number of pairs, each with a text mask of its own"
            )
        }
        if let deadline = request.deadlineMilliseconds,
            !(deadline > 0 && deadline <= ParameterLimit.deadlineMilliseconds)
        {
            throw ParameterError("deadlineMilliseconds", "must be above 0 and at most a day; it is \(deadline)")
        }
        if let error = until?.standardError, !(error > 0) {
            throw ParameterError("until.standardError", "must be above 0; it is \(error)")
        }
        try ParameterLimit.pairs.check(until?.topK, "until.topK")
        try ParameterLimit.stableRounds.check(until?.stableRounds, "until.stableRounds")
        let asksForStability = until?.asksForStability ?? false
        self.init(
            imageMasks: driving.map { $0.effectiveCount(imageMasks) }.max() ?? 0,
            textMasks: plans(.text).map { $0.effectiveCount(isJoint ? imageMasks : textMasks) }.max() ?? 0,
            standardError: until?.standardError,
            topK: until?.topK ?? (asksForStability ? until?.usualTopK : nil),
            stableRounds: until.map { asksForStability ? ($0.stableRounds ?? $0.usualStableRounds) + 1 : .max } ?? .max)
    }

    /// Pairs of masks drawn together that an explanation may ask for: a long caption has as many text masks as pairs.
    private static func maximumPairs(_ explanation: Explanation, _ limits: MaskLimits) -> Int {
        explanation.texts.allSatisfy { Coalition.isEnumerable($0.players.count, within: limits.text) }
            ? limits.image : min(limits.image, limits.text)
    }

    private static func check(_ masks: Int, _ name: String, least: Int, limit: Int) throws {
        let least = max(least, 3)
        guard masks >= least else {
            let more = least == 3 ? "one" : least == 4 ? "two" : "three"
            throw ApplicationError(
                .budgetInvalid,
                "budget.\(name) must be at least \(least) (the whole, the empty, and \(more) more); it is \(masks)")
        }
        guard masks <= limit else {
            throw ApplicationError(
                .budgetInvalid,
                "budget.\(name) is \(masks), above the daemon's limit of \(limit) (see --max-image-masks, --max-text-masks)"
            )
        }
    }
}
