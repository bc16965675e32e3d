import LinearAlgebra

/// What a fit predicts for each of the first masks from the others, `[masks, responses]` per order.
struct LeaveOneOut {
    var intercept: Matrix<Double>
    var linear: Matrix<Double>
    var pair: Matrix<Double>
    /// 1 − leverage of each mask.
    private(set) var slack: [Double]
    /// Left-out residuals, `[masks, responses]`.
    private(set) var errors: Matrix<Double>

    /// Closed form: leaving mask m out acts on every linear functional as replacing y_m by its prediction y_m − e_m, with
    /// e_m the residual over one minus the leverage. For the exact form nothing is left out.
    ///
    /// - Parameter masks: how many masks to look at, the first of the sample.
    init(_ solution: RidgeSolution, masks limit: Int = .max) {
        let masks = min(limit, solution.responses.rows)
        let count = solution.responses.columns
        intercept = Matrix(rows: masks, columns: count)
        errors = Matrix(rows: masks, columns: count)
        pair = Matrix(rows: masks, columns: count)
        slack = [Double](repeating: 1, count: masks)
        let players = solution.fit.features.players
        linear = Matrix(rows: masks, columns: players, elements: Array(solution.fit.variables.elements[..<(masks * players)]))
            .times(solution.linear)
        for m in 0..<masks {
            for r in 0..<count { intercept[m, r] = solution.intercept[r] }
        }
        switch solution.fit.form {
        case .exact: addExactPairs(solution)
        case .dual(let projection): leaveOutDual(solution, projection)
        case .primal(let factor): leaveOutPrimal(solution, factor)
        }
    }

    private mutating func leaveOutDual(_ solution: RidgeSolution, _ projection: DualProjection) {
        let fit = solution.fit
        let players = fit.features.players
        let variances = fit.shrinkage.linearVariances
        let diagonal = projection.diagonal
        // (K₁P)_mm with K₁ = X diag(variances) Xᵀ.
        let projected = projection.times(fit.variables)
        for m in slack.indices {
            var linearInfluence = 0.0
            for i in 0..<players {
                linearInfluence += projected.elements[m * players + i] * variances[i] * fit.variables.elements[m * players + i]
            }
            slack[m] = diagonal[m] * fit.shrinkage.penalty / fit.counts[m]
            for r in 0..<errors.columns {
                leave(m, r, error: solution.state[m, r] / diagonal[m], response: solution.responses[m, r],
                    interceptInfluence: projection.interceptWeights[m], linearInfluence: linearInfluence)
            }
        }
    }

    private mutating func leave(
        _ m: Int, _ r: Int, error: Double, response: Double, interceptInfluence: Double, linearInfluence: Double
    ) {
        errors[m, r] = error
        intercept[m, r] -= interceptInfluence * error
        linear[m, r] -= linearInfluence * error
        pair[m, r] = response - error - intercept[m, r] - linear[m, r]
    }

    private mutating func leaveOutPrimal(_ solution: RidgeSolution, _ factor: Cholesky<Double>) {
        let fit = solution.fit
        let players = fit.features.players
        var selector = Matrix<Double>(rows: fit.features.count, columns: 1 + players)
        for i in 0...players { selector[i, i] = 1 }
        let columns = factor.solve(selector)
        for rows in rowBlocks(slack.count) {
            let design = fit.features.design(fit.variables, rows: rows) { _ in 1 }
            let influence = design.times(columns)
            let fitted = design.times(solution.state)
            let leverages = factor.whiten(design.transposed).columnSquares
            for (index, m) in rows.enumerated() {
                let count = fit.counts[m]
                var linearInfluence = 0.0
                for i in 1..<1 + players { linearInfluence += design[index, i] * influence[index, i] }
                slack[m] = 1 - leverages[index] * count
                for r in 0..<fitted.columns {
                    let response = solution.responses[m, r]
                    leave(m, r, error: (response - fitted[index, r]) / slack[m], response: response,
                        interceptInfluence: influence[index, 0] * count, linearInfluence: linearInfluence * count)
                }
            }
        }
    }

    private mutating func addExactPairs(_ solution: RidgeSolution) {
        let players = solution.fit.features.players
        guard solution.fit.features.order >= 2, players >= 2 else { return }
        let variables = solution.fit.variables
        for r in 0..<pair.columns {
            let values = solution.pairs(response: r)
            var square = Matrix<Double>(rows: players, columns: players)
            for (position, pair) in PairIndex(players: players).all.enumerated() { square[pair.0, pair.1] = values[position] }
            let product = variables.times(square, transposeOther: true)
            for m in 0..<pair.rows {
                var sum = 0.0
                for i in 0..<players { sum += product[m, i] * variables[m, i] }
                pair[m, r] = sum
            }
        }
    }
}
