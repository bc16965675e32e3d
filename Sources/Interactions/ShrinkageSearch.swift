import Foundation
import LinearAlgebra

/// Finds the shrinkage with the least leave-one-out error, Σ over masks and responses.
///
/// The variance ratios do not depend on how many masks there are, so at most ``maximumMasks`` (the first of the plan) are
/// looked at. Each candidate costs one inverse of that size.
struct ShrinkageSearch {
    static let maximumMasks = 640

    private let kernels: OrderKernels
    private let counts: [Double]
    private let responses: Matrix<Double>
    private let hasPairs: Bool

    init(_ sample: SideSample, order: Int, responses: Matrix<Double>) {
        let used = min(sample.coalitions.count, Self.maximumMasks)
        let features = Features(players: sample.players, order: order, probability: sample.probability)
        kernels = OrderKernels(sample.coalitions[..<used], features: features)
        counts = sample.weights[..<used].map { ($0 * Double(sample.draws)).rounded() }
        self.responses = Matrix(
            rows: used, columns: responses.columns, elements: Array(responses.elements[..<(used * responses.columns)]))
        hasPairs = kernels.pair != nil
    }

    /// The best shrinkage: a coarse grid, then steps that halve around the best point, in (logit a, ln λ).
    func best() -> Shrinkage {
        var position: (share: Double, penalty: Double) = (0, 0)
        var least = Double.infinity
        let shares = hasPairs ? [-2.5, -1.0, 0.5] : [0]
        for share in shares {
            for penalty in [-4.6, -2.3, 0.0] {
                let error = self.error(share, penalty)
                if error < least { (least, position) = (error, (share, penalty)) }
            }
        }
        var step = 1.0
        for _ in 0..<3 {
            let neighbours: [(Double, Double)] = [(0, step), (0, -step)] + (hasPairs ? [(step * 0.75, 0), (-step * 0.75, 0)] : [])
            for (share, penalty) in neighbours {
                let candidate = (position.share + share, position.penalty + penalty)
                guard abs(candidate.0) < 6, candidate.1 > -14, candidate.1 < 8 else { continue }
                let error = self.error(candidate.0, candidate.1)
                if error < least { (least, position) = (error, candidate) }
            }
            step /= 2
        }
        return shrinkage(position.share, position.penalty)
    }

    private func shrinkage(_ share: Double, _ penalty: Double) -> Shrinkage {
        Shrinkage(pairShare: hasPairs ? 1 / (1 + exp(-share)) : 0, penalty: exp(penalty))
    }

    private func error(_ share: Double, _ penalty: Double) -> Double {
        guard let (projection, _) = try? RidgeFit.project(kernels, counts: counts, shrinkage: shrinkage(share, penalty))
        else { return .infinity }
        let dual = projection.times(responses)
        var total = 0.0
        for m in 0..<dual.rows {
            let scale = counts[m] / (projection[m, m] * projection[m, m])
            var sum = 0.0
            for r in 0..<dual.columns { sum += dual[m, r] * dual[m, r] }
            total += sum * scale
        }
        return total.isFinite ? total : .infinity
    }
}
