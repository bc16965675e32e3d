import Foundation
import LinearAlgebra

/// Finds the shrinkage with the least leave-one-out error, Σ over masks and responses.
///
/// First with all players alike; then each player's relevance is taken from its estimated effect, twice. Where that does not
/// lower the error, players stay alike. The ratios sought do not depend on the number of masks, so only the first of the
/// plan are looked at. Each candidate costs one inverse of that size.
struct ShrinkageSearch {
    /// How many masks are looked at.
    static func maximumMasks(players: Int) -> Int { players > 100 ? 640 : 320 }

    private let variables: Matrix<Double>
    private let order: Int
    private let counts: [Double]
    private let responses: Matrix<Double>
    private var hasPairs: Bool { order >= 2 && variables.columns >= 2 }

    /// - Parameter responses: one row per mask of the sample.
    init(_ sample: SideSample, order: Int, responses: Matrix<Double>) {
        let used = min(sample.coalitions.count, Self.maximumMasks(players: sample.players))
        let features = Features(players: sample.players, order: order, probability: sample.probability)
        variables = features.variables(sample.coalitions[..<used])
        counts = Array(sample.counts[..<used])
        self.responses = Matrix(
            rows: used, columns: responses.columns, elements: Array(responses.elements[..<(used * responses.columns)]))
        self.order = order
    }

    /// A point of the search, (logit a, ln λ).
    private struct Point {
        var share: Double
        var penalty: Double
    }

    private struct Candidate {
        var point: Point
        var error: Double
    }

    /// The best shrinkage found.
    func best() -> Shrinkage {
        let alike = [Double](repeating: 1, count: variables.columns)
        var current = Candidate(point: Point(share: -1, penalty: -2.3), error: .infinity)
        if variables.rows > 2 * Self.coarseMasks {
            // A coarse look at fewer masks says where to begin.
            let head = self.head(Self.coarseMasks)
            head.scan(&current, OrderKernels(head.variables, relevance: alike, order: order))
        }
        var kernels = OrderKernels(variables, relevance: alike, order: order)
        if current.error.isFinite {
            current.error = error(kernels, current.point)
        } else {
            scan(&current, kernels)
        }
        var best = (candidate: current, relevance: alike)
        var relevance = alike
        for steps in [[1.0, 0.5], [0.5]] {
            relevance = self.relevance(kernels, shrinkage(current.point, relevance))
            kernels = OrderKernels(variables, relevance: relevance, order: order)
            current.error = error(kernels, current.point)
            descend(&current, kernels, steps: steps)
            if current.error < best.candidate.error { best = (current, relevance) }
        }
        return shrinkage(best.candidate.point, best.relevance)
    }

    private static let coarseMasks = 200

    /// The search over the first masks only.
    private func head(_ count: Int) -> ShrinkageSearch {
        func first(_ matrix: Matrix<Double>) -> Matrix<Double> {
            Matrix(rows: count, columns: matrix.columns, elements: Array(matrix.elements[..<(count * matrix.columns)]))
        }
        return ShrinkageSearch(variables: first(variables), order: order, counts: Array(counts[..<count]), responses: first(responses))
    }

    private init(variables: Matrix<Double>, order: Int, counts: [Double], responses: Matrix<Double>) {
        self.variables = variables
        self.order = order
        self.counts = counts
        self.responses = responses
    }

    private func scan(_ candidate: inout Candidate, _ kernels: OrderKernels) {
        for share in hasPairs ? [-2.5, -1.0, 0.5] : [0] {
            for penalty in [-5.5, -3.0, -0.5] { improve(&candidate, kernels, Point(share: share, penalty: penalty)) }
        }
        descend(&candidate, kernels, steps: [1])
    }

    private func improve(_ candidate: inout Candidate, _ kernels: OrderKernels, _ point: Point) {
        guard abs(point.share) < 6, point.penalty > -14, point.penalty < 8 else { return }
        let error = self.error(kernels, point)
        if error < candidate.error { candidate = Candidate(point: point, error: error) }
    }

    private func descend(_ candidate: inout Candidate, _ kernels: OrderKernels, steps: [Double]) {
        for step in steps {
            let start = candidate.point
            improve(&candidate, kernels, Point(share: start.share, penalty: start.penalty + step))
            improve(&candidate, kernels, Point(share: start.share, penalty: start.penalty - step))
            guard hasPairs else { continue }
            let middle = candidate.point
            improve(&candidate, kernels, Point(share: middle.share + step, penalty: middle.penalty))
            improve(&candidate, kernels, Point(share: middle.share - step, penalty: middle.penalty))
        }
    }

    private func shrinkage(_ point: Point, _ relevance: [Double]) -> Shrinkage {
        Shrinkage(
            pairShare: hasPairs ? 1 / (1 + exp(-point.share)) : 0, penalty: exp(point.penalty), relevance: relevance)
    }

    private func projection(_ kernels: OrderKernels, _ shrinkage: Shrinkage) -> DualProjection? {
        try? DualProjection(kernels.combined(pairShare: shrinkage.pairShare), noise: counts.map { shrinkage.penalty / $0 })
    }

    private func error(_ kernels: OrderKernels, _ point: Point) -> Double {
        guard let projection = projection(kernels, shrinkage(point, [])) else { return .infinity }
        let dual = projection.times(responses)
        let diagonal = projection.diagonal
        var total = 0.0
        for m in 0..<dual.rows {
            var sum = 0.0
            for value in dual.row(m) { sum += value * value }
            total += sum * counts[m] / (diagonal[m] * diagonal[m])
        }
        return total.isFinite ? total : .infinity
    }

    /// v_i in proportion to the squared estimated effect of player i over all responses, kept away from zero.
    private func relevance(_ kernels: OrderKernels, _ shrinkage: Shrinkage) -> [Double] {
        guard let projection = projection(kernels, shrinkage) else { return shrinkage.relevance }
        let effects = variables.times(projection.times(responses), transposeSelf: true)
        let variances = shrinkage.linearVariances
        let energies = (0..<effects.rows).map { i in
            effects.row(i).reduce(0) { $0 + $1 * $1 } * variances[i] * variances[i]
        }
        let mean = energies.reduce(0, +) / Double(energies.count)
        guard mean > 0 else { return shrinkage.relevance }
        // The floor keeps a player whose effect was missed within reach.
        let floor = 0.05
        return energies.map { ($0 / mean + floor) / (1 + floor) }
    }
}
