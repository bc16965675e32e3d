import LinearAlgebra

/// How single masks bear on a fit's coefficients: leaving mask m out changes coefficient k by −J[m,k]·e_m, e_m the left-out residual
/// of the response.
struct Influence {
    let fit: RidgeFit
    /// Left-out residuals of all responses over the masks looked at.
    let errors: Matrix<Double>
    /// All masks over those looked at.
    let scale: Double
    private let masks: Int
    private let slack: [Double]

    init(_ solution: RidgeSolution) {
        fit = solution.fit
        let left: LeaveOneOut
        if case .primal = solution.fit.form {
            // Beyond as many masks as features a sample of them tells the same.
            left = LeaveOneOut(solution, masks: 1536)
        } else {
            left = LeaveOneOut(solution)
        }
        errors = left.errors
        masks = left.slack.count
        slack = left.slack
        scale = Double(solution.responses.rows) / Double(max(masks, 1))
    }

    /// S² of a response: its noise variance, from Var e_m = σ²/(count_m · slack_m), over λ.
    func priorScale(_ response: Int) -> Double {
        var sum = 0.0
        for m in 0..<masks { sum += errors[m, response] * errors[m, response] * slack[m] * fit.counts[m] }
        return sum / Double(max(masks, 1)) / fit.shrinkage.penalty
    }

    /// J of the intercept.
    func intercept() -> [Double] {
        switch fit.form {
        case .exact: return [Double](repeating: 0, count: masks)
        case .dual(let projection): return projection.interceptWeights
        case .primal(let factor):
            var selector = [Double](repeating: 0, count: fit.features.count)
            selector[0] = 1
            return primal(factor, Matrix(rows: selector.count, columns: 1, elements: selector)).column(0)
        }
    }

    /// J of the linear coefficients, `[masks, players]`, and ρ: the part of each true coefficient that shrinkage takes away.
    func linear() -> (influence: Matrix<Double>, shrunk: [Double]) {
        let n = fit.features.players
        switch fit.form {
        case .exact: return (Matrix(rows: masks, columns: n), [Double](repeating: 0, count: n))
        case .dual(let projection): return dual(projection, features: fit.variables, priors: fit.shrinkage.linearVariances)
        case .primal(let factor):
            var selector = Matrix<Double>(rows: fit.features.count, columns: n)
            for i in 0..<n { selector[1 + i, i] = 1 }
            return (primal(factor, selector), shrunk(factor, 1..<1 + n))
        }
    }

    /// J and ρ of a range of the pair coefficients.
    func pairs(_ range: Range<Int>) -> (influence: Matrix<Double>, shrunk: [Double]) {
        let index = Array(PairIndex(players: fit.features.players).all[range])
        switch fit.form {
        case .exact: return (Matrix(rows: masks, columns: index.count), [Double](repeating: 0, count: index.count))
        case .dual(let projection):
            var features = Matrix<Double>(rows: masks, columns: index.count)
            for m in 0..<masks {
                for (k, pair) in index.enumerated() { features[m, k] = fit.variables[m, pair.0] * fit.variables[m, pair.1] }
            }
            let v = fit.shrinkage.relevance
            return dual(projection, features: features, priors: index.map { fit.shrinkage.pairVariance * v[$0.0] * v[$0.1] })
        case .primal(let factor):
            let start = 1 + fit.features.players + range.lowerBound
            var selector = Matrix<Double>(rows: fit.features.count, columns: index.count)
            for k in index.indices { selector[start + k, k] = 1 }
            return (primal(factor, selector), shrunk(factor, start..<start + index.count))
        }
    }

    /// τ²Pφ and 1 − τ²φᵀPφ.
    private func dual(_ projection: DualProjection, features: Matrix<Double>, priors: [Double]) -> (Matrix<Double>, [Double]) {
        var result = projection.times(features)
        var shrunk = [Double](repeating: 1, count: priors.count)
        for m in 0..<result.rows {
            for k in priors.indices {
                result[m, k] *= priors[k]
                shrunk[k] -= result[m, k] * features[m, k]
            }
        }
        return (result, shrunk.map { min(max($0, 0), 1) })
    }

    /// count_m · φ_mᵀA⁻¹s for each column s.
    private func primal(_ factor: Cholesky<Double>, _ selector: Matrix<Double>) -> Matrix<Double> {
        let columns = factor.solve(selector)
        var result: [Double] = []
        result.reserveCapacity(masks * selector.columns)
        for rows in rowBlocks(masks) {
            result += fit.features.design(fit.variables, rows: rows) { fit.counts[$0] }.times(columns).elements
        }
        return Matrix(rows: masks, columns: selector.columns, elements: result)
    }

    /// λ (A⁻¹)_kk/τ_k².
    private func shrunk(_ factor: Cholesky<Double>, _ features: Range<Int>) -> [Double] {
        let diagonal = factor.inverseDiagonal()
        let priors = fit.features.priorVariances(fit.shrinkage)
        return features.map { min(1, fit.shrinkage.penalty * diagonal[$0] / max(priors[$0 - 1], 1e-12)) }
    }
}

/// The mean squared true size of coefficients behind shrunken, noisy estimates, as a line over what the prior expects.
///
/// An estimate θ̂ that keeps the part 1 − ρ of the truth has E[θ̂²] = (1−ρ)²τ² + variance.
struct TrueSizes {
    private let constant: Double
    private let slope: Double

    init(estimates: [Double], variances: [Double], shrunk: [Double], expected: [Double]) {
        // Least squares of θ̂² − variance on (1−ρ)²(c₀ + c₁·expected), weighted against the noisy ones.
        var (s00, s01, s11, t0, t1) = (0.0, 0.0, 0.0, 0.0, 0.0)
        for k in estimates.indices {
            let kept = (1 - shrunk[k]) * (1 - shrunk[k])
            let spread = estimates[k] * estimates[k] + variances[k]
            guard spread > 0, kept > 0 else { continue }
            let weight = 1 / (variances[k] * variances[k] + 1e-300)
            let target = estimates[k] * estimates[k] - variances[k]
            let (x, y) = (kept, kept * expected[k])
            s00 += weight * x * x
            s01 += weight * x * y
            s11 += weight * y * y
            t0 += weight * x * target
            t1 += weight * y * target
        }
        let determinant = s00 * s11 - s01 * s01
        var (c0, c1) = (s00 > 0 ? max(0, t0 / s00) : 0, 0.0)
        if determinant > 1e-9 * s00 * s11 {
            let both = ((t0 * s11 - t1 * s01) / determinant, (t1 * s00 - t0 * s01) / determinant)
            if both.0 >= 0, both.1 >= 0 {
                (c0, c1) = both
            } else if both.0 < 0, s11 > 0 {
                (c0, c1) = (0, max(0, t1 / s11))
            }
        }
        // One standard error on top, as few coefficients tell little: the variance of a squared normal is 2·variance².
        constant = c0 + (s00 > 0 ? (2 / s00).squareRoot() : 0)
        slope = c1
    }

    func squared(expected: Double) -> Double { constant + slope * expected }
}
