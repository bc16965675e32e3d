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

    /// Beyond this many masks and as many features, neither form is affordable and pairs within the side are left out.
    static let maximumMasks = 4096

    /// The order that a sample of `masks` masks allows on a side.
    static func affordableOrder(_ order: Int, players: Int, masks: Int) -> Int {
        let features = 1 + players + PairIndex(players: players).count
        return order == 2 && masks > maximumMasks && features > maximumMasks ? 1 : order
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
