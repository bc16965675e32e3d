import LinearAlgebra

/// What a fit predicts for each mask from the others, `[masks, responses]` per order.
struct LeaveOneOut {
    var intercept: Matrix<Double>
    var linear: Matrix<Double>
    var pair: Matrix<Double>

    /// Closed form: leaving mask m out acts on every linear functional as replacing y_m by its prediction y_m − e_m, with
    /// e_m the residual over one minus the leverage. For the exact form nothing is left out.
    init(_ solution: RidgeSolution) {
        let masks = solution.responses.rows
        let count = solution.responses.columns
        intercept = Matrix(rows: masks, columns: count)
        linear = solution.fit.variables.times(solution.linear)
        pair = Matrix(rows: masks, columns: count)
        for m in 0..<masks {
            for r in 0..<count { intercept[m, r] = solution.intercept[r] }
        }
        switch solution.fit.form {
        case .exact: addExactPairs(solution)
        case .dual(let projection, let interceptWeights, let kernels):
            let share = 1 - solution.fit.shrinkage.pairShare
            for m in 0..<masks {
                var linearInfluence = 0.0
                for l in 0..<masks { linearInfluence += kernels.linear[m, l] * projection[l, m] }
                linearInfluence *= share
                for r in 0..<count {
                    leave(m, r, error: solution.state[m, r] / projection[m, m], response: solution.responses[m, r],
                        interceptInfluence: interceptWeights[m], linearInfluence: linearInfluence)
                }
            }
        case .primal(let inverse): leaveOutPrimal(solution, inverse: inverse)
        }
    }

    private mutating func leave(
        _ m: Int, _ r: Int, error: Double, response: Double, interceptInfluence: Double, linearInfluence: Double
    ) {
        intercept[m, r] -= interceptInfluence * error
        linear[m, r] -= linearInfluence * error
        pair[m, r] = response - error - intercept[m, r] - linear[m, r]
    }

    private mutating func leaveOutPrimal(_ solution: RidgeSolution, inverse: Matrix<Double>) {
        let fit = solution.fit
        let players = fit.features.players
        for rows in fit.blocks {
            let design = fit.features.design(fit.variables, rows: rows) { _ in 1 }
            let influence = design.times(inverse)
            let fitted = design.times(solution.state)
            for (index, m) in rows.enumerated() {
                let features = design.row(index)
                let effects = influence.row(index)
                let base = features.startIndex
                var linearInfluence = 0.0
                for i in 1..<1 + players { linearInfluence += features[base + i] * effects[effects.startIndex + i] }
                var leverage = features[base] * effects[effects.startIndex] + linearInfluence
                for s in (1 + players)..<max(design.columns, 1 + players) {
                    leverage += features[base + s] * effects[effects.startIndex + s]
                }
                let count = fit.counts[m]
                for r in 0..<fitted.columns {
                    let response = solution.responses[m, r]
                    leave(m, r, error: (response - fitted[index, r]) / (1 - leverage * count), response: response,
                        interceptInfluence: effects[effects.startIndex] * count, linearInfluence: linearInfluence * count)
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
