import FIxLIPProtocol

/// From 1 to a greatest value: numbers that the daemon calculates with, so that no request can make it overflow.
///
/// The contract states what a single parameter may be; here it gets the reason.
package struct ParameterLimit: Sendable {
    let greatest: Int

    /// How many of the strongest pairs: more than any stop rule can use.
    package static let pairs = ParameterLimit(greatest: StopRule.mostTopK)
    /// The same for a drawing.
    static let drawnPairs = ParameterLimit(greatest: RenderOptions.mostTopK)
    /// Images or texts of a request: each takes memory for its result, and its reply is written as a whole.
    package static let items = ParameterLimit(greatest: EmbedText.Parameters.mostTexts)
    /// Classes, of which every image has a score.
    static let classes = ParameterLimit(greatest: Classify.Parameters.mostClasses)
    /// Prompts of all classes together.
    static let prompts = ParameterLimit(greatest: 100_000)
    /// Pairs of an image and a text in a table of similarities.
    package static let similarities = ParameterLimit(greatest: 1_000_000)
    /// Pixels or columns.
    static let drawingWidth = ParameterLimit(greatest: RenderOptions.mostWidth)
    /// Successive estimates; each has 1.3 times the masks of the one before, so that far fewer ever come.
    static let stableRounds = ParameterLimit(greatest: StopRule.mostStableRounds)
    /// Folders that images of a document are looked for in, each for every image.
    static let roots = ParameterLimit(greatest: DocumentCaptions.Parameters.mostRoots)
    /// The longest deadline: a day.
    static let deadlineMilliseconds = RefinementRules.mostDeadlineMilliseconds

    /// - Throws: `ParameterError` that names the parameter, where a list is too long.
    package func check(count: Int, _ parameter: String, _ items: String) throws(ParameterError) {
        guard count > greatest else { return }
        throw ParameterError(
            parameter, "has \(count) \(items); a request may have \(greatest): send the others in further requests")
    }

    /// - Throws: `ParameterError` that names the parameter, where a value is given and out of bounds.
    package func check(_ value: Int?, _ parameter: String) throws(ParameterError) {
        guard let value, !(1...greatest).contains(value) else { return }
        throw ParameterError(parameter, "must be from 1 to \(greatest); it is \(value)")
    }
}
