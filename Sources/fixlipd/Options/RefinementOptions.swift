import ArgumentParser
import FIxLIPProtocol

/// How long the commands that explain go on: rules of `explanation/refine` whose outcome does not depend on the clock.
struct RefinementOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "How many masked images to encode; \(Budget.defaultImageMasks) unless another rule is given.")
    var budget: Int?

    @Option(
        parsing: .unconditional,
        help: "How many masked captions to encode; all up to \(Budget.defaultTextMasks) unless given.")
    var textMasks: Int?

    @Option(
        name: .customLong("until"), parsing: .unconditional,
        help: "Stop once the leading values have this standard error, in logits.")
    var standardError: Double?

    var rules: RefinementRules { rules(budget: budget) }

    /// The same with another number of image masks.
    func rules(budget: Int?) -> RefinementRules {
        let isBudgeted = budget != nil || textMasks != nil
        return RefinementRules(
            budget: isBudgeted ? Budget(imageMasks: budget, textMasks: textMasks) : nil,
            until: standardError.map { StopRule(standardError: $0) })
    }
}

/// A rule that does depend on the clock.
struct DeadlineOptions: ParsableArguments {
    @Option(parsing: .unconditional, help: "Stop after this many seconds.")
    var deadline: Double?

    func validate() throws {
        if let deadline, !(deadline > 0 && deadline <= 86_400) {
            throw ValidationError("--deadline must be above 0 and at most a day, in seconds; it is \(deadline)")
        }
    }

    var milliseconds: Double? { deadline.map { $0 * 1000 } }
}
