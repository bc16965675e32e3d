import LinearAlgebra

/// The setting of a ridge regression of one side, and what of it does not depend on the responses.
///
/// With all coalitions at hand the expectations B_S = E[f χ_S] are exact; otherwise they are a ridge regression with an
/// unpenalised intercept, in dual form while there are fewer masks than features and in primal form beyond.
struct RidgeFit: Sendable {
    enum Form: Sendable {
        /// Weighted sums over all coalitions.
        case exact
        /// One weight per mask.
        case dual
        /// One coefficient per feature.
        case primal
    }

    let features: Features
    /// Times each mask was drawn.
    let counts: [Double]
    let weights: [Double]
    /// χ, `[masks, players]`.
    let variables: Matrix<Double>
    let shrinkage: Shrinkage
    let form: Form
    let leverage: MaskLeverage
    /// For standard errors; nil where none were asked for.
    let sensitivity: MaskSensitivity?

    /// Which masks an error estimate looks at, at most `limit`. Drawn ones in the order they were drawn; of all
    /// coalitions, which stand in the order of their bits, ones far apart, so that each player is present in about
    /// half.
    func inspected(_ limit: Int) -> [Int] {
        guard form == .exact else { return Array(0..<min(limit, leverage.masks)) }
        let masks = variables.rows
        guard masks > limit else { return Array(0..<masks) }
        // An odd step goes through all 2ⁿ; this one is about 2ⁿ over the golden ratio, which spreads evenly (Knuth,
        // TAOCP 3, 6.4).
        let step = Int(Double(masks) * 0.6180339887) | 1
        return (0..<limit).map { $0 * step % masks }
    }

    /// The masks in blocks of rows that fit a cache.
    var blocks: [Range<Int>] { rowBlocks(variables.rows) }

    /// Σ_x' τ²_xx' χ_x χ_x' of every mask, `[masks, players]`: summed over the pairs of each player.
    ///
    /// - Parameter isPlain: whether all τ² are to count as 1.
    static func pairSums(_ variables: Matrix<Double>, shrinkage: Shrinkage, isPlain: Bool = false) -> Matrix<Double> {
        let n = variables.columns
        let v = isPlain ? [Double](repeating: 1, count: n) : shrinkage.relevance
        let scale = isPlain ? 1 : shrinkage.pairVariance
        var products = variables
        products.elements.withUnsafeMutableBufferPointer { x in
            for row in stride(from: 0, to: x.count, by: max(n, 1)) {
                var total = 0.0
                for i in 0..<n { total += v[i] * x[row + i] }
                for i in 0..<n {
                    let value = x[row + i]
                    x[row + i] = scale * v[i] * value * (total - v[i] * value)
                }
            }
        }
        return products
    }
}

/// `0..<rows` cut into blocks.
func rowBlocks(_ rows: Int, size: Int = 512) -> [Range<Int>] {
    stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
}

extension Features {
    /// Prior variances of all features but the constant, relative to S².
    func priorVariances(_ shrinkage: Shrinkage) -> [Double] {
        guard order >= 1 else { return [] }
        var result = shrinkage.linearVariances
        if order >= 2 {
            let v = shrinkage.relevance
            let scale = shrinkage.pairVariance
            for (i, j) in PairIndex(players: players).all { result.append(scale * v[i] * v[j]) }
        }
        return result
    }
}
