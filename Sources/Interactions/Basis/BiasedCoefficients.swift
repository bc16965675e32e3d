/// Coefficients c_S of an expansion in products of χ_i = (z_i − p)/σ, |S| ≤ 2, and their values in the 0/1 basis.
struct BiasedCoefficients {
    var players: Int
    var probability: Double
    var constant: Double
    var linear: [Double]
    /// In the order of ``PairIndex``; empty for order 1.
    var pairs: [Double]

    /// a_ij = c_ij/σ², a_i = c_i/σ − (p/σ²) Σ_j c_ij, a_∅ = c_∅ − (p/σ) Σ_i c_i + (p²/σ²) Σ_{i<j} c_ij.
    func presenceBasis() -> (baseline: Double, first: [Double], pairs: [Double]) {
        let p = probability
        let variance = p * (1 - p)
        let sigma = variance.squareRoot()
        var baseline = constant
        var first = linear.map { $0 / sigma }
        for c in linear { baseline -= p / sigma * c }
        guard !pairs.isEmpty else { return (baseline, first, []) }
        var position = 0
        for i in 0..<players {
            for j in i + 1..<max(players, i + 1) {
                let c = pairs[position]
                first[i] -= p / variance * c
                first[j] -= p / variance * c
                baseline += p * p / variance * c
                position += 1
            }
        }
        return (baseline, first, pairs.map { $0 / variance })
    }
}
