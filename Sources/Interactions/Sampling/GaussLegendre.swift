import Foundation

extension SamplingNode {
    /// How many nodes to sample a Shapley game at. The kernel is exact with any number; on scenes of 56 players 4, 8
    /// and 12 nodes were equally good, and a few more than 2 helped on games of 15.
    package static func shapleyCount(players: Int) -> Int { min(8, max(2, players / 2)) }

    /// Gauss–Legendre nodes on (0, 1) of which the Bernoulli products mix to the Shapley kernel,
    /// 1/C(n−2, s−1) = (n−1) ∫ p^(s−1) (1−p)^(n−s−1) dp: weights ω/(p(1−p)).
    ///
    /// `count` ≥ (players − 1)/2 nodes give the kernel exactly by themselves; as places to sample at, fewer do.
    ///
    /// - Precondition: `count >= 1`.
    package static func shapley(count: Int) -> [SamplingNode] {
        precondition(count >= 1, "at least one node")
        let degree = Double(count)
        return (0..<count).map { k in
            // Newton's iteration on the Legendre polynomial from the usual asymptotic root, on (−1, 1).
            var x = cos(Double.pi * (Double(k) + 0.75) / (degree + 0.5))
            var derivative = 1.0
            for _ in 0..<100 {
                var (previous, current) = (1.0, x)
                for n in 2..<max(count + 1, 2) {
                    let m = Double(n)
                    (previous, current) = (current, ((2 * m - 1) * x * current - (m - 1) * previous) / m)
                }
                derivative = degree * (x * current - previous) / (x * x - 1)
                let step = current / derivative
                x -= step
                if abs(step) < 1e-15 { break }
            }
            let weight = 1 / ((1 - x * x) * derivative * derivative)
            let p = (1 - x) / 2
            return SamplingNode(probability: p, weight: weight / (p * (1 - p)))
        }
    }
}
