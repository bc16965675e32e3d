import LinearAlgebra

/// What a fit predicts for each of some masks from the others, `[masks, responses]` per order.
struct LeaveOneOut {
    /// The masks looked at: ``RidgeFit/inspected(_:)``.
    let rows: [Int]
    var intercept: Matrix<Double>
    var linear: Matrix<Double>
    var pair: Matrix<Double>
    /// Left-out residuals, `[masks, responses]`.
    private(set) var errors: Matrix<Double>

    /// Closed form: leaving mask m out acts on every linear functional as replacing y_m by its prediction y_m − e_m,
    /// with e_m the residual over one minus the leverage. For the exact form nothing is left out.
    ///
    /// - Parameters:
    ///   - responses: what `solution` is the expansion of, a row for each mask looked at, `[masks, responses]`.
    ///   - masks: how many masks to look at.
    init(_ solution: RidgeSolution, responses: Matrix<Double>, masks limit: Int = .max) {
        let fit = solution.fit
        rows = fit.inspected(limit)
        let masks = rows.count
        let count = solution.linear.columns
        intercept = Matrix(rows: masks, columns: count)
        errors = Matrix(rows: masks, columns: count)
        pair = Matrix(rows: masks, columns: count)
        let variables = fit.variables.rows(rows)
        linear = variables.times(solution.linear)
        for m in 0..<masks {
            for r in 0..<count { intercept.elements[m * count + r] = solution.intercept[r] }
        }
        switch fit.form {
        case .exact:
            addExactPairs(solution, variables)
            return
        case .dual:
            for m in 0..<masks {
                let scale = 1 / fit.leverage.diagonal[m]
                for r in 0..<count { errors.elements[m * count + r] = solution.state.elements[m * count + r] * scale }
            }
        case .primal:
            for rows in rowBlocks(masks) {
                let fitted = fit.features.design(fit.variables, rows: rows) { _ in 1 }.times(solution.state)
                for (index, m) in rows.enumerated() {
                    let scale = 1 / fit.leverage.slack[m]
                    for r in 0..<count {
                        let k = m * count + r
                        errors.elements[k] = (responses.elements[k] - fitted.elements[index * count + r]) * scale
                    }
                }
            }
        }
        for m in 0..<masks {
            for r in 0..<count {
                let k = m * count + r
                let error = errors.elements[k]
                intercept.elements[k] -= fit.leverage.intercept[m] * error
                linear.elements[k] -= fit.leverage.linear[m] * error
                pair.elements[k] = responses.elements[k] - error - intercept.elements[k] - linear.elements[k]
            }
        }
    }

    private mutating func addExactPairs(_ solution: RidgeSolution, _ variables: Matrix<Double>) {
        let players = solution.fit.features.players
        guard solution.fit.features.order >= 2, players >= 2 else { return }
        for r in 0..<pair.columns {
            let values = solution.pairs(response: r)
            var square = Matrix<Double>(rows: players, columns: players)
            for (position, pair) in PairIndex(players: players).all.enumerated() {
                square[pair.0, pair.1] = values[position]
            }
            let product = variables.times(square, transposeOther: true)
            for m in 0..<pair.rows {
                var sum = 0.0
                for i in 0..<players { sum += product[m, i] * variables[m, i] }
                pair[m, r] = sum
            }
        }
    }
}
