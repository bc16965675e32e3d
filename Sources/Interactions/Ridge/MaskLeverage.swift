import LinearAlgebra

/// How much a fit rests on each of its first masks, whatever the responses.
struct MaskLeverage: Sendable {
    /// 1 − the weight of a mask's own response in its prediction.
    var slack: [Double]
    /// By how much leaving mask m out moves the intercept per unit of its left-out residual.
    var intercept: [Double]
    /// By how much it moves the linear part of its own prediction.
    var linear: [Double]
    /// P_mm of the dual form; empty for the primal and the exact one.
    var diagonal: [Double]

    /// The masks looked at where there are many: a sample of them tells the same.
    static let sampledMasks = 1024

    var masks: Int { slack.count }

    /// Nothing is left out of an exact expansion.
    init(exact masks: Int) {
        slack = [Double](repeating: 1, count: masks)
        intercept = []
        linear = []
        diagonal = []
    }

    /// - Parameter projected: P·X, `[masks, players]`.
    init(
        _ projection: DualProjection, projected: Matrix<Double>, variables: Matrix<Double>, shrinkage: Shrinkage,
        counts: [Double]
    ) {
        let players = variables.columns
        let variances = shrinkage.linearVariances
        diagonal = projection.diagonal
        intercept = projection.interceptWeights
        slack = zip(diagonal, counts).map { $0 * shrinkage.penalty / $1 }
        // (K₁P)_mm with K₁ = X diag(variances) Xᵀ.
        linear = diagonal.indices.map { m in
            var sum = 0.0
            for i in 0..<players {
                sum += projected.elements[m * players + i] * variances[i] * variables.elements[m * players + i]
            }
            return sum
        }
    }

    private init(slack: [Double], intercept: [Double], linear: [Double]) {
        self.slack = slack
        self.intercept = intercept
        self.linear = linear
        diagonal = []
    }

    /// - Parameter factor: the factor of A = ΦᵀN⁻¹Φ + λT⁻¹.
    static func primal(
        _ factor: Cholesky<Double>, variables: Matrix<Double>, features: Features, shrinkage: Shrinkage,
        counts: [Double], sensitivity: Bool
    ) throws -> (leverage: MaskLeverage, sensitivity: MaskSensitivity?) {
        let masks = min(variables.rows, sampledMasks)
        let players = features.players
        var selector = Matrix<Double>(rows: features.count, columns: 1 + players)
        for i in 0...players { selector[i, i] = 1 }
        let columns = try factor.solve(selector)
        // Each player's pairs together; apart from the others, so that the leverages are the same with and without.
        let pairColumns = sensitivity && features.order >= 2 ? try factor.solve(pairSelector(features)) : nil
        var leverage = MaskLeverage(slack: [], intercept: [], linear: [])
        var (linear, pairSums): ([Double], [Double]) = ([], [])
        for rows in rowBlocks(masks) {
            let design = features.design(variables, rows: rows) { _ in 1 }
            let influence = design.times(columns)
            let squares = try factor.whiten(design.transposed).columnSquares
            for (index, m) in rows.enumerated() {
                var own = 0.0
                for i in 1..<1 + players { own += design[index, i] * influence[index, i] }
                leverage.slack.append(1 - squares[index] * counts[m])
                leverage.intercept.append(influence[index, 0] * counts[m])
                leverage.linear.append(own * counts[m])
                if sensitivity { linear += influence.row(index).dropFirst().map { $0 * counts[m] } }
            }
            if let pairColumns {
                let influence = design.times(pairColumns)
                for (index, m) in rows.enumerated() { pairSums += influence.row(index).map { $0 * counts[m] } }
            }
        }
        guard sensitivity else { return (leverage, nil) }
        let diagonal = try factor.inverseDiagonal()
        let priors = features.priorVariances(shrinkage)
        let shrunk = priors.indices.map { min(1, shrinkage.penalty * diagonal[1 + $0] / max(priors[$0], 1e-12)) }
        return (
            leverage,
            MaskSensitivity(
                linear: Matrix(rows: masks, columns: players, elements: linear),
                linearShrunk: Array(shrunk[..<players]),
                pairSums: pairColumns == nil
                    ? Matrix(rows: masks, columns: players) : Matrix(rows: masks, columns: players, elements: pairSums),
                pairShrunk: Array(shrunk[players...]))
        )
    }

    /// One column per player that adds up its pairs.
    private static func pairSelector(_ features: Features) -> Matrix<Double> {
        let players = features.players
        var selector = Matrix<Double>(rows: features.count, columns: players)
        for (k, pair) in PairIndex(players: players).all.enumerated() {
            selector[1 + players + k, pair.0] = 1
            selector[1 + players + k, pair.1] = 1
        }
        return selector
    }
}
