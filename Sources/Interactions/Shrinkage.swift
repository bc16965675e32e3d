/// The prior of one side's expansion: how far ridge regression draws each coefficient to zero.
///
/// With S² the prior variance of a response, B_i has variance S²·(1−a)/n·v_i and B_ij has S²·2a/(n(n−1))·v_i v_j; what
/// order 2 leaves unexplained has variance λS².
struct Shrinkage: Sendable, Equatable {
    /// a: the pairs' share of the prior variance, 0 for order 1.
    var pairShare: Double
    /// λ.
    var penalty: Double
    /// v: how much each player is expected to matter, with mean 1. Learnt from the data: most patches of most images
    /// show little.
    var relevance: [Double]

    /// No prior: for a side that is enumerated.
    static func none(players: Int) -> Shrinkage {
        Shrinkage(pairShare: 0, penalty: 0, relevance: [Double](repeating: 1, count: players))
    }

    /// Prior variances of B_i relative to S².
    var linearVariances: [Double] {
        relevance.map { (1 - pairShare) / Double(relevance.count) * $0 }
    }

    /// The prior variance of B_ij is this times v_i v_j.
    var pairVariance: Double {
        let n = Double(relevance.count)
        return n > 1 ? 2 * pairShare / (n * (n - 1)) : 0
    }
}
