import LinearAlgebra

/// What is expected of one side's expansion before any of its masks is seen: from the pass over the whole input, and
/// from a map that was learnt on other inputs.
///
/// It only tells where a search begins; whether it is followed is decided by left-out error.
package struct SidePrior: Sendable {
    /// v: how much each player is expected to matter, with mean 1.
    package let relevance: [Double]
    /// What B_i is expected to be in proportion to, `[players, dimension]`; nil for nothing. Its scale is found from
    /// the masks.
    package let mean: Matrix<Double>?
    /// Whether that proportion is known to be about 1, from other inputs.
    package let isMeanScaled: Bool
    /// Tells one prior from another of the same input.
    package let identity: String

    /// How much the players' energies count against all players being alike.
    private static let share = 0.7

    /// - Parameters:
    ///   - energies: what each player is expected to matter, on any scale, as ‖B_i‖².
    ///   - mean: see ``mean``.
    ///   - isMeanScaled: see ``isMeanScaled``.
    package init(energies: [Double], mean: Matrix<Double>? = nil, isMeanScaled: Bool = false, identity: String) {
        let average = energies.reduce(0, +) / Double(max(energies.count, 1))
        let isUsable = average > 0 && average.isFinite && energies.allSatisfy { $0 >= 0 }
        relevance = energies.map { isUsable ? Self.share * $0 / average + 1 - Self.share : 1 }
        self.mean = mean
        self.isMeanScaled = isMeanScaled
        self.identity = identity
    }
}
