import Foundation
import LinearAlgebra

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

/// Finds the shrinkage with the least leave-one-out error, Σ over masks and responses.
///
/// First with all players alike; then each player's relevance is taken from its estimated effect, twice. Where that
/// does not lower the error, players stay alike. The ratios sought do not depend on the number of masks, so only the
/// first of the plan are looked at. Each candidate costs one inverse of that size.
struct ShrinkageSearch {
    /// Searches that agree in this give the same, in one game.
    struct Key: Hashable, Sendable {
        var order: Int
        var probability: Double
        var seed: UInt64
        var paired: Bool
        /// Of the ``SidePrior``.
        var prior: String?
        /// Times each mask looked at was drawn.
        var counts: [Double]
    }

    /// How many masks are looked at: some number of levels, so that the next estimates of a growing sample need not
    /// search again.
    static func masks(of sample: SideSample) -> Int {
        let count = sample.coalitions.count
        let most = sample.players > 100 ? 640 : 320
        guard count > 64 else { return count }
        return [96, 128, 192, 256, 320, 448, 640].last { $0 <= min(count, most) } ?? 64
    }

    private let variables: Matrix<Double>
    private let order: Int
    private let counts: [Double]
    private let responses: Matrix<Double>
    /// The directions of the embeddings that the responses lie along, `[dimension, responses]`; nil where they are
    /// the coordinates themselves.
    private let directions: Matrix<Double>?
    /// Where the search begins beside all players alike.
    private let prior: SidePrior?
    private let cancellation: Cancellation
    private var hasPairs: Bool { order >= 2 && variables.columns >= 2 }

    /// Beyond this number of masks, what was expected beforehand gains nothing, and the masks alone are asked.
    private static let priorMasks = coarseMasks + 32

    /// A search over the leading directions of the side's own embeddings.
    ///
    /// - Throws: `CancellationError`, as all that searches.
    init(_ sample: SideSample, order: Int, prior: SidePrior? = nil, _ cancellation: Cancellation = .never) throws {
        try cancellation.check()
        let used = Self.masks(of: sample)
        let leading = try LeadingComponents(sample.embeddings.rows(0..<used))
        let features = Features(players: sample.players, order: order, probability: sample.probability)
        self.init(
            variables: features.variables(sample.coalitions[..<used]), order: order,
            counts: Array(sample.counts[..<used]), responses: leading.components, directions: leading.directions,
            prior: used <= Self.priorMasks ? prior : nil, cancellation)
    }

    /// - Parameter responses: one row per mask of the sample, the first at least.
    init(_ sample: SideSample, order: Int, responses: Matrix<Double>, _ cancellation: Cancellation = .never) {
        let used = Self.masks(of: sample)
        let features = Features(players: sample.players, order: order, probability: sample.probability)
        self.init(
            variables: features.variables(sample.coalitions[..<used]), order: order,
            counts: Array(sample.counts[..<used]),
            responses: responses.rows(0..<used), directions: nil, prior: nil, cancellation)
    }

    private init(
        variables: Matrix<Double>, order: Int, counts: [Double], responses: Matrix<Double>, directions: Matrix<Double>?,
        prior: SidePrior?, _ cancellation: Cancellation
    ) {
        self.variables = variables
        self.order = order
        self.counts = counts
        self.responses = responses
        self.directions = directions
        self.prior = prior
        self.cancellation = cancellation
    }

    /// A point of the search, (logit a, ln λ).
    private struct Point {
        var share: Double
        var penalty: Double
    }

    private struct Candidate {
        var point: Point
        var error: Double
        var relevance: [Double]
    }

    private static let coarseMasks = 128

    /// From this number of masks on, left-out errors tell which of two beginnings is better.
    private static let tellingMasks = 64

    /// The best shrinkage found.
    func best() throws -> Shrinkage {
        let best = try bestCandidate()
        return shrinkage(best.point, best.relevance)
    }

    /// The best shrinkage towards zero, or towards what the prior expects where that has the lesser left-out error.
    func tuned() throws -> SideTuning {
        let plain = try bestCandidate()
        let shrinkage = shrinkage(plain.point, plain.relevance)
        guard let mean = prior?.mean, let scaled = try scaled(mean, relevance: plain.relevance) else {
            return SideTuning(shrinkage: shrinkage, expected: nil)
        }
        let drawn = ShrinkageSearch(
            variables: variables, order: order, counts: counts, responses: scaled.residuals, directions: directions,
            prior: prior, cancellation)
        let informed = try drawn.bestCandidate()
        guard informed.error < plain.error else { return SideTuning(shrinkage: shrinkage, expected: nil) }
        return SideTuning(
            shrinkage: self.shrinkage(informed.point, informed.relevance),
            expected: ExpectedCoefficients(values: scaled.values, spread: scaled.spread))
    }

    /// What the prior expects, as far as the masks bear it out.
    private struct ScaledMean {
        /// `[players, dimension]`.
        var values: Matrix<Double>
        var spread: Double
        /// The responses without it.
        var residuals: Matrix<Double>
    }

    /// The expected coefficients, less where the masks found that a player matters little, times the one factor that
    /// fits the responses best (generalised least squares), or nearly so where it is known; nil where they fit none.
    private func scaled(_ mean: Matrix<Double>, relevance: [Double]) throws -> ScaledMean? {
        var values = mean
        for i in 0..<values.rows {
            let factor = min(1, relevance[i])
            for k in 0..<values.columns { values[i, k] *= factor }
        }
        let predicted = variables.times(directions.map { values.times($0) } ?? values)
        // The fit need not be exact, as the factor is one number for all responses.
        let begun = shrinkage(Point(share: hasPairs ? -1 : 0, penalty: -2.3), prior?.relevance ?? relevance)
        guard let projection = try projection(orderKernels(begun.relevance), begun) else { return nil }
        let weights = try projection.solution(of: predicted).columns
        var (fit, square) = (0.0, 0.0)
        for k in weights.elements.indices {
            fit += weights.elements[k] * responses.elements[k]
            square += weights.elements[k] * predicted.elements[k]
        }
        guard square > 0, fit.isFinite, square.isFinite else { return nil }
        // Where other inputs gave the scale, the factor is known beforehand: 1, with a standard error.
        var known = 0.0
        if prior?.isMeanScaled == true {
            let dual = try projection.solution(of: responses).columns
            let size = zip(dual.elements, responses.elements).reduce(0) { $0 + $1.0 * $1.1 }
            known = size / Double(max(responses.elements.count, 1)) / (Self.scaleError * Self.scaleError)
        }
        let factor = min((fit + known) / (square + known), Self.largestFactor)
        guard factor > 0 else { return nil }
        var residuals = responses
        for k in residuals.elements.indices { residuals.elements[k] -= factor * predicted.elements[k] }
        // A jackknife over masks: leaving out mask m moves the factor by Σ_r weights_mr e_mr / square.
        let dual = try projection.solution(of: residuals).columns
        var variance = 0.0
        for m in 0..<dual.rows {
            var change = 0.0
            for (weight, value) in zip(weights.row(m), dual.row(m)) { change += weight * value }
            change /= projection.diagonal[m] * (square + known)
            variance += change * change
        }
        for k in values.elements.indices { values.elements[k] *= factor }
        return ScaledMean(values: values, spread: variance.squareRoot() / factor, residuals: residuals)
    }

    /// How far the factor of a learnt mean lies from 1: seen on the judges of docs/faithfulness.md.
    private static let scaleError = 0.3
    /// The largest factor by which expected coefficients are taken: masks that seem to say more are noise.
    private static let largestFactor = 1.5

    private func bestCandidate() throws -> Candidate {
        variables.rows > Self.priorMasks ? try refined(head(Self.coarseMasks).searched()) : try searched()
    }

    /// Searches from nothing, or from what the prior says where few masks tell or left-out error prefers it.
    private func searched() throws -> Candidate {
        let alike = [Double](repeating: 1, count: variables.columns)
        guard let prior else { return try searched(from: alike) }
        let informed = try searched(from: prior.relevance)
        guard variables.rows >= Self.tellingMasks else { return informed }
        let plain = try searched(from: alike)
        return plain.error < informed.error ? plain : informed
    }

    private func searched(from beginning: [Double]) throws -> Candidate {
        var best = Candidate(point: Point(share: -1, penalty: -2.3), error: .infinity, relevance: beginning)
        let kernels = try orderKernels(beginning)
        for share in hasPairs ? [-2.5, -1.0, 0.5] : [0] {
            for penalty in [-5.5, -3.0, -0.5] { try improve(&best, kernels, Point(share: share, penalty: penalty)) }
        }
        try descend(&best, kernels, steps: [1])
        var relevance = beginning
        var current = best
        for steps in [[1.0, 0.5], [0.5]] {
            relevance = try self.relevance(orderKernels(relevance), shrinkage(current.point, relevance))
            let kernels = try orderKernels(relevance)
            current = Candidate(point: current.point, error: try error(kernels, current.point), relevance: relevance)
            try descend(&current, kernels, steps: steps)
            if current.error < best.error { best = current }
        }
        return best
    }

    /// Searches on from what fewer masks gave.
    private func refined(_ coarse: Candidate) throws -> Candidate {
        let alike = [Double](repeating: 1, count: variables.columns)
        let plain = try orderKernels(alike)
        var best = Candidate(point: coarse.point, error: try error(plain, coarse.point), relevance: alike)
        let kernels =
            try coarse.relevance == alike ? plain : orderKernels(coarse.relevance)
        let relevance = try self.relevance(kernels, shrinkage(coarse.point, coarse.relevance))
        let tuned = try orderKernels(relevance)
        var current = Candidate(point: coarse.point, error: try error(tuned, coarse.point), relevance: relevance)
        try descend(&current, tuned, steps: [0.5])
        if current.error < best.error {
            best = current
        } else {
            try descend(&best, plain, steps: [0.5])
        }
        return best
    }

    /// The search over the first masks only.
    private func head(_ count: Int) -> ShrinkageSearch {
        ShrinkageSearch(
            variables: variables.rows(0..<count), order: order, counts: Array(counts[..<count]),
            responses: responses.rows(0..<count), directions: directions, prior: prior, cancellation)
    }

    private func improve(_ candidate: inout Candidate, _ kernels: OrderKernels, _ point: Point) throws {
        guard abs(point.share) < 6, point.penalty > -14, point.penalty < 8 else { return }
        let error = try self.error(kernels, point)
        if error < candidate.error {
            candidate.point = point
            candidate.error = error
        }
    }

    private func descend(_ candidate: inout Candidate, _ kernels: OrderKernels, steps: [Double]) throws {
        for step in steps {
            let start = candidate.point
            try improve(&candidate, kernels, Point(share: start.share, penalty: start.penalty + step))
            try improve(&candidate, kernels, Point(share: start.share, penalty: start.penalty - step))
            guard hasPairs else { continue }
            let middle = candidate.point
            try improve(&candidate, kernels, Point(share: middle.share + step, penalty: middle.penalty))
            try improve(&candidate, kernels, Point(share: middle.share - step, penalty: middle.penalty))
        }
    }

    private func shrinkage(_ point: Point, _ relevance: [Double]) -> Shrinkage {
        Shrinkage(
            pairShare: hasPairs ? 1 / (1 + exp(-point.share)) : 0, penalty: exp(point.penalty), relevance: relevance)
    }

    private func orderKernels(_ relevance: [Double]) throws -> OrderKernels {
        try OrderKernels(variables, relevance: relevance, order: order, cancellation)
    }

    /// nil where the kernel is not positive definite to working precision.
    private func projection(_ kernels: OrderKernels, _ shrinkage: Shrinkage) throws -> DualProjection? {
        try cancellation.check()
        do {
            return try DualProjection(
                kernels.combined(pairShare: shrinkage.pairShare), noise: counts.map { shrinkage.penalty / $0 },
                cancellation)
        } catch is LinearAlgebraError {
            return nil
        }
    }

    private func error(_ kernels: OrderKernels, _ point: Point) throws -> Double {
        guard let projection = try projection(kernels, shrinkage(point, [])) else { return .infinity }
        let dual = try projection.solution(of: responses).columns
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
    private func relevance(_ kernels: OrderKernels, _ shrinkage: Shrinkage) throws -> [Double] {
        guard let projection = try projection(kernels, shrinkage) else { return shrinkage.relevance }
        let effects = variables.times(try projection.solution(of: responses).columns, transposeSelf: true)
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

/// The rows of a matrix, centred, in the directions in which they vary most.
///
/// Two rounds of subspace iteration from fixed directions; those missed vary little.
struct LeadingComponents {
    /// `[rows, up to 24]`, or all columns where they are few.
    let components: Matrix<Double>
    /// `[columns, up to 24]`; nil where the components are the columns themselves.
    let directions: Matrix<Double>?

    init(_ matrix: Matrix<Double>) throws {
        var centred = matrix
        for k in 0..<matrix.columns {
            var sum = 0.0
            for m in 0..<matrix.rows { sum += matrix.elements[m * matrix.columns + k] }
            let mean = sum / Double(max(matrix.rows, 1))
            for m in 0..<matrix.rows { centred.elements[m * matrix.columns + k] -= mean }
        }
        directions = try leadingDirections(centred)
        components = directions.map { centred.times($0) } ?? centred
    }
}

private func leadingDirections(_ centred: Matrix<Double>) throws -> Matrix<Double>? {
    let width = 24
    let matrix = centred
    guard matrix.columns > 2 * width, matrix.rows > width else { return nil }
    var directions = Matrix<Double>(rows: matrix.columns, columns: width)
    for k in 0..<matrix.columns {
        let random = Philox.block(counter: SIMD4(UInt32(k), 0, 0, 0), key: SIMD2(0x636F_6D70, 0))
        for r in 0..<width { directions[k, r] = random[0] >> UInt32(r) & 1 == 1 ? 1 : -1 }
    }
    for _ in 0..<2 {
        let product = centred.times(centred.times(directions), transposeSelf: true)
        guard let factor = try? Cholesky(product.times(product, transposeSelf: true)), factor.pivotRatio > 1e-13 else {
            return nil
        }
        directions = try factor.whiten(product.transposed).transposed
    }
    return directions
}
