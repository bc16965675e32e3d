import LinearAlgebra

/// A ``RidgeFit`` applied to responses.
struct RidgeSolution {
    let fit: RidgeFit
    /// `[masks, responses]`.
    let responses: Matrix<Double>
    /// B_∅, one per response.
    let intercept: [Double]
    /// B_i, `[players, responses]`.
    let linear: Matrix<Double>
    /// P·Y for the dual form (`[masks, responses]`), all coefficients for the primal form (`[features, responses]`).
    let state: Matrix<Double>

    init(_ fit: RidgeFit, _ responses: Matrix<Double>) {
        self.fit = fit
        self.responses = responses
        let n = fit.features.players
        switch fit.form {
        case .exact:
            var weighted = responses
            for m in 0..<responses.rows {
                for r in 0..<responses.columns { weighted[m, r] *= fit.weights[m] }
            }
            var sums = [Double](repeating: 0, count: responses.columns)
            for m in 0..<weighted.rows {
                for r in 0..<weighted.columns { sums[r] += weighted[m, r] }
            }
            intercept = sums
            linear = fit.variables.times(weighted, transposeSelf: true)
            state = weighted
        case .dual(let projection):
            let dual = projection.times(responses)
            var scaled = fit.variables.times(dual, transposeSelf: true)
            for (i, variance) in fit.shrinkage.linearVariances.enumerated() {
                for r in 0..<scaled.columns { scaled[i, r] *= variance }
            }
            linear = scaled
            intercept = Matrix(rows: 1, columns: responses.rows, elements: projection.interceptWeights).times(responses).elements
            state = dual
        case .primal(let factor):
            var right = Matrix<Double>(rows: fit.features.count, columns: responses.columns)
            for rows in fit.blocks {
                let design = fit.features.design(fit.variables, rows: rows) { fit.counts[$0] }
                let part = Matrix(
                    rows: rows.count, columns: responses.columns,
                    elements: Array(responses.elements[rows.lowerBound * responses.columns..<rows.upperBound * responses.columns]))
                let product = design.times(part, transposeSelf: true)
                for k in right.elements.indices { right.elements[k] += product.elements[k] }
            }
            let coefficients = factor.solve(right)
            intercept = Array(coefficients.row(0))
            linear = Matrix(
                rows: n, columns: responses.columns,
                elements: Array(coefficients.elements[responses.columns..<(1 + n) * responses.columns]))
            state = coefficients
        }
    }

    /// B_ij of one response, in the order of ``PairIndex``; empty for order 1.
    func pairs(response: Int) -> [Double] {
        let features = fit.features
        guard features.order >= 2, features.players >= 2 else { return [] }
        if case .primal = fit.form {
            return (1 + features.players..<features.count).map { state[$0, response] }
        }
        // Σ_m χ_i χ_j state_m = (Xᵀ diag(state) X)_ij.
        var scaled = fit.variables
        for m in 0..<scaled.rows {
            let value = state[m, response]
            for i in 0..<scaled.columns { scaled[m, i] *= value }
        }
        let products = fit.variables.times(scaled, transposeSelf: true)
        let pairs = PairIndex(players: features.players).all
        guard case .dual = fit.form else { return pairs.map { products[$0.0, $0.1] } }
        let scale = fit.shrinkage.pairVariance
        let v = fit.shrinkage.relevance
        return pairs.map { products[$0.0, $0.1] * scale * v[$0.0] * v[$0.1] }
    }

    /// B_ij of all responses, `[pairs, responses]`.
    func pairVectors() -> Matrix<Double> {
        var result = Matrix<Double>(rows: PairIndex(players: fit.features.players).count, columns: responses.columns)
        for r in 0..<responses.columns {
            for (k, value) in pairs(response: r).enumerated() { result[k, r] = value }
        }
        return result
    }

    /// Σ_j B_ij of all responses, `[players, responses]`; zero for order 1.
    func pairSums() -> Matrix<Double> {
        let features = fit.features
        let n = features.players
        var result = Matrix<Double>(rows: n, columns: responses.columns)
        guard features.order >= 2, n >= 2 else { return result }
        if case .primal = fit.form {
            for (k, pair) in PairIndex(players: n).all.enumerated() {
                for r in 0..<responses.columns {
                    let value = state[1 + n + k, r]
                    result[pair.0, r] += value
                    result[pair.1, r] += value
                }
            }
            return result
        }
        // Σ_j w_ij χ_i χ_j with w_ij = 1 (exact) or the prior variance (dual).
        var (v, scale) = ([Double](repeating: 1, count: n), 1.0)
        if case .dual = fit.form { (v, scale) = (fit.shrinkage.relevance, fit.shrinkage.pairVariance) }
        var products = fit.variables
        for m in 0..<products.rows {
            var total = 0.0
            for i in 0..<n { total += v[i] * products[m, i] }
            for i in 0..<n {
                let x = products[m, i]
                products[m, i] = scale * v[i] * x * (total - v[i] * x)
            }
        }
        result = products.times(state, transposeSelf: true)
        return result
    }
}
