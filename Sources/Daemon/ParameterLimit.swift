/// From 1 to a greatest value: numbers that the daemon calculates with, so that no request can make it overflow.
struct ParameterLimit: Sendable {
    let greatest: Int

    /// Of the strongest pairs: more than any drawing or stop rule can use.
    static let pairs = ParameterLimit(greatest: 100_000)
    /// Pixels or columns.
    static let drawingWidth = ParameterLimit(greatest: 10_000)
    /// Successive estimates; each has 1.3 times the masks of the one before, so that far fewer ever come.
    static let stableRounds = ParameterLimit(greatest: 1_000)

    /// - Throws: `ParameterError` that names the parameter, where a value is given and out of bounds.
    func check(_ value: Int?, _ parameter: String) throws(ParameterError) {
        guard let value, !(1...greatest).contains(value) else { return }
        throw ParameterError(parameter, "must be from 1 to \(greatest); it is \(value)")
    }
}
