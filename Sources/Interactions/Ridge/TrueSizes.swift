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
