import LinearAlgebra

/// What was tuned for a side: how far its coefficients are shrunk, and towards what.
struct SideTuning: Sendable {
    var shrinkage: Shrinkage
    var expected: ExpectedCoefficients?
}

/// The coefficients B_i that others are drawn to instead of zero.
struct ExpectedCoefficients: Sendable {
    /// `[players, dimension]`.
    let values: Matrix<Double>
    /// The standard error of their common scale, as a share of it.
    let spread: Double
}
