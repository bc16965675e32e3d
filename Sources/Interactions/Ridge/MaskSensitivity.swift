import LinearAlgebra

/// How single masks bear on a fit's coefficients, whatever the responses: leaving mask m out changes coefficient k by
/// −J[m,k]·e_m, e_m the left-out residual of the response.
struct MaskSensitivity: Sendable {
    /// J of the linear coefficients, `[masks, players]`.
    var linear: Matrix<Double>
    /// ρ: the part of each true linear coefficient that shrinkage takes away.
    var linearShrunk: [Double]
    /// Σ_j J of the pairs of each player, `[masks, players]`.
    var pairSums: Matrix<Double>
    /// ρ of each pair, in the order of ``PairIndex``.
    var pairShrunk: [Double]

    init(linear: Matrix<Double>, linearShrunk: [Double], pairSums: Matrix<Double>, pairShrunk: [Double]) {
        self.linear = linear
        self.linearShrunk = linearShrunk
        self.pairSums = pairSums
        self.pairShrunk = pairShrunk
    }

    /// Of the dual form: J = τ²Pφ and ρ = 1 − τ²φᵀPφ.
    ///
    /// - Parameter projected: P·X, `[masks, players]`.
    init(
        _ projection: DualProjection, projected: Matrix<Double>, variables: Matrix<Double>, features: Features,
        shrinkage: Shrinkage
    ) throws {
        let n = features.players
        let variances = shrinkage.linearVariances
        linear = projected
        linearShrunk = [Double](repeating: 1, count: n)
        for m in 0..<variables.rows {
            for i in 0..<n {
                linear.elements[m * n + i] *= variances[i]
                linearShrunk[i] -= linear.elements[m * n + i] * variables.elements[m * n + i]
            }
        }
        linearShrunk = linearShrunk.map { min(max($0, 0), 1) }
        guard features.order >= 2, n >= 2 else {
            pairSums = Matrix(rows: variables.rows, columns: n)
            pairShrunk = []
            return
        }
        pairSums = try projection.nearly(RidgeFit.pairSums(variables, shrinkage: shrinkage))
        pairShrunk = try Self.pairShrunk(projection, variables: variables, shrinkage: shrinkage)
    }

    private static func pairShrunk(_ projection: DualProjection, variables: Matrix<Double>, shrinkage: Shrinkage)
        throws -> [Double]
    {
        let all = PairIndex(players: variables.columns).all
        let v = shrinkage.relevance
        var result: [Double] = []
        for block in rowBlocks(all.count, size: 256) {
            var products = Matrix<Double>(rows: variables.rows, columns: block.count)
            for m in 0..<variables.rows {
                for (k, pair) in all[block].enumerated() {
                    products[m, k] = variables[m, pair.0] * variables[m, pair.1]
                }
            }
            let squares = try projection.quadraticForms(products)
            for (k, pair) in all[block].enumerated() {
                result.append(min(max(1 - shrinkage.pairVariance * v[pair.0] * v[pair.1] * squares[k], 0), 1))
            }
        }
        return result
    }
}
