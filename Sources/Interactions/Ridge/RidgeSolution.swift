import LinearAlgebra

/// The p-biased expansion of one side, B_S for |S| ≤ order, of several responses.
///
/// A response is one number per mask: a coordinate of the embedding, or its product with a vector of the other side.
/// All is linear in the responses, so an expansion of all coordinates gives that of any product (``along(_:)``).
struct RidgeSolution: Sendable {
    let fit: RidgeFit
    /// B_∅, one per response.
    let intercept: [Double]
    /// B_i, `[players, responses]`.
    let linear: Matrix<Double>
    /// The part of ``linear`` that was expected, `[players, responses]`; nil for none.
    var expected: ExpectedCoefficients?
    /// Weighted responses for the exact form and P·Y for the dual form (`[masks, responses]`), all coefficients for the
    /// primal form (`[features, responses]`).
    let state: Matrix<Double>
    /// Whether an iterative solve came as near as it should; a direct one always does.
    var isConverged = true

    var responseCount: Int { intercept.count }

    /// The expansion of ⟨f, d⟩ for each row d of `directions`, where this is that of f.
    func along(_ directions: Matrix<Double>) -> RidgeSolution {
        RidgeSolution(
            fit: fit,
            intercept: Matrix(rows: 1, columns: intercept.count, elements: intercept).times(
                directions, transposeOther: true
            ).elements,
            linear: linear.times(directions, transposeOther: true),
            expected: expected.map {
                ExpectedCoefficients(values: $0.values.times(directions, transposeOther: true), spread: $0.spread)
            },
            state: state.times(directions, transposeOther: true),
            isConverged: isConverged)
    }

    /// B_ij of one response, in the order of ``PairIndex``; empty for order 1.
    func pairs(response: Int) -> [Double] {
        let features = fit.features
        guard features.order >= 2, features.players >= 2 else { return [] }
        if fit.form == .primal {
            return (1 + features.players..<features.count).map { state[$0, response] }
        }
        // Σ_m χ_i χ_j state_m = (Xᵀ diag(state) X)_ij.
        var scaled = fit.variables
        let n = scaled.columns
        for m in 0..<scaled.rows {
            let value = state[m, response]
            for i in 0..<n { scaled.elements[m * n + i] *= value }
        }
        let products = fit.variables.times(scaled, transposeSelf: true)
        let pairs = PairIndex(players: features.players).all
        guard fit.form == .dual else { return pairs.map { products[$0.0, $0.1] } }
        let scale = fit.shrinkage.pairVariance
        let v = fit.shrinkage.relevance
        return pairs.map { products[$0.0, $0.1] * scale * v[$0.0] * v[$0.1] }
    }

    /// B_ij of all responses, `[pairs, responses]`.
    func pairVectors() -> Matrix<Double> {
        let n = fit.features.players
        let index = PairIndex(players: n)
        guard fit.features.order >= 2, n >= 2 else { return Matrix(rows: index.count, columns: responseCount) }
        if fit.form == .primal {
            return Matrix(
                rows: index.count, columns: responseCount, elements: Array(state.elements[((1 + n) * responseCount)...])
            )
        }
        var products = Matrix<Double>(rows: fit.variables.rows, columns: index.count)
        let factors = fit.form == .dual ? fit.shrinkage.relevance : [Double](repeating: 1, count: n)
        let scale = fit.form == .dual ? fit.shrinkage.pairVariance : 1
        for m in 0..<products.rows {
            var position = m * index.count
            for i in 0..<n {
                let left = scale * factors[i] * fit.variables[m, i]
                for j in i + 1..<max(n, i + 1) {
                    products.elements[position] = left * factors[j] * fit.variables[m, j]
                    position += 1
                }
            }
        }
        return products.times(state, transposeSelf: true)
    }

    /// Σ_j B_ij of all responses, `[players, responses]`; zero for order 1.
    func pairSums() -> Matrix<Double> {
        let n = fit.features.players
        guard fit.features.order >= 2, n >= 2 else { return Matrix(rows: n, columns: responseCount) }
        if fit.form == .primal {
            var result = Matrix<Double>(rows: n, columns: responseCount)
            for (k, pair) in PairIndex(players: n).all.enumerated() {
                for r in 0..<responseCount {
                    let value = state[1 + n + k, r]
                    result[pair.0, r] += value
                    result[pair.1, r] += value
                }
            }
            return result
        }
        return RidgeFit.pairSums(fit.variables, shrinkage: fit.shrinkage, isPlain: fit.form == .exact).times(
            state, transposeSelf: true)
    }
}
