import LinearAlgebra

/// Squared standard errors of Banzhaf values, gathered from the inputs of both sides.
///
/// Each is a jackknife over masks plus the squared bias that shrinkage brings, whose size is learnt from the estimates
/// themselves. The errors of the inputs' expansions are independent; an enumerated one has none. What a sampled input
/// adds to the pairs within an image is left out: it is the error of the mean W_∅ times a pair's own size.
struct ErrorVariances {
    /// An input whose expansion has errors.
    struct Source {
        let solution: RidgeSolution
        let sample: SideSample
        /// Where its players begin among all.
        let offset: Int
        /// α, times the input's weight in its side.
        let scale: Double

        init(_ solution: RidgeSolution, _ sample: SideSample, offset: Int, scale: Double) {
            self.solution = solution
            self.sample = sample
            self.offset = offset
            self.scale = scale
        }
    }

    let players: Int
    let order: Int
    let probability: Double
    private var first: [Double]
    private var reading: [Double]
    private var pairs: [Double]

    init(players: Int, order: Int, probability: Double) {
        self.players = players
        self.order = order
        self.probability = probability
        first = [Double](repeating: 0, count: players)
        reading = first
        pairs = [Double](repeating: 0, count: order == 2 ? PairIndex(players: players).count : 0)
    }

    /// Adds the error of one input's expansion; an enumerated one has none.
    ///
    /// - Parameters:
    ///   - other: the other side's expansion; both in all coordinates.
    ///   - otherOffset: where the other side's players begin among all.
    ///   - withPairs: whether the error of pairs within the other side counts.
    /// - Throws: `CancellationError`.
    mutating func add(
        _ source: Source, other: SumExpansion, offset otherOffset: Int, withPairs: Bool, _ cancellation: Cancellation
    ) throws {
        let (side, sample, offset) = (source.solution, source.sample, source.offset)
        let fit = side.fit
        guard let sensitivity = fit.sensitivity else { return }
        let own = fit.features.players
        let others = other.players
        let s2 = probability * (1 - probability)
        let s = s2.squareRoot()
        let lift = order == 2 ? probability / s2 : 0
        let directions = directions(other, withPairs: withPairs)
        let masks = fit.leverage.masks
        let solution = side.along(directions)
        let errors = LeaveOneOut(
            solution, responses: sample.embeddings.rows(0..<masks).times(directions, transposeOther: true)
        ).errors
        /// All masks over those looked at.
        let rest = Double(sample.coalitions.count) / Double(max(masks, 1))
        let (linear, shrunk) = (sensitivity.linear, sensitivity.linearShrunk)
        let (mean, sum) = (0, 1 + others)

        let a2 = source.scale * source.scale
        let index = PairIndex(players: players)

        // c_x and c_xy: one linear coefficient on one response.
        func linearVariances(_ response: Int) -> (total: [Double], bias: Double) {
            var result = [Double](repeating: 0, count: own)
            for m in 0..<masks {
                let e = errors[m, response]
                for x in 0..<own { result[x] += linear[m, x] * linear[m, x] * e * e * rest }
            }
            // What is drawn is the difference from the expected coefficient.
            let known = (0..<own).map { solution.expected?.values[$0, response] ?? 0 }
            let sizes = TrueSizes(
                estimates: (0..<own).map { solution.linear[$0, response] - known[$0] }, variances: result,
                shrunk: shrunk, expected: fit.shrinkage.relevance)
            if let spread = solution.expected?.spread {
                for x in 0..<own { result[x] += spread * spread * known[x] * known[x] }
            }
            let biases = (0..<own).map {
                shrunk[$0] * shrunk[$0] * sizes.squared(expected: fit.shrinkage.relevance[$0])
            }
            return (zip(result, biases).map { $0 + $1 }, biases.reduce(0, +))
        }
        let ofMean = linearVariances(mean).total
        for x in 0..<own { reading[offset + x] += a2 * ofMean[x] / s2 }
        let onIntercept = fit.leverage.intercept
        for y in 0..<others {
            try cancellation.check()
            var (read, raw) = (0.0, 0.0)
            let (plain, shifted) = (1 + y, 2 + others + y)
            for m in 0..<masks {
                read += onIntercept[m] * onIntercept[m] * errors[m, plain] * errors[m, plain]
                var change = onIntercept[m] * errors[m, shifted]
                if order == 2 {
                    var total = 0.0
                    for x in 0..<own { total += linear[m, x] }
                    change -= lift * total * errors[m, plain]
                }
                raw += change * change
            }
            reading[otherOffset + y] += a2 * read * rest / s2
            first[otherOffset + y] += a2 * raw * rest
        }
        guard order == 2 else {
            for x in 0..<own { first[offset + x] += a2 * ofMean[x] / s2 }
            return
        }
        for y in 0..<others {
            try cancellation.check()
            let (variances, bias) = linearVariances(1 + y)
            first[otherOffset + y] += a2 * lift * lift * bias
            for x in 0..<own { pairs[index.position(offset + x, otherOffset + y)] += a2 / (s2 * s2) * variances[x] }
        }

        try cancellation.check()
        // Pairs within the side, and with them a_x = c_x/s − (p/s²)(Σ_x' c_xx' + Σ_y c_xy).
        var presence = Matrix<Double>(rows: masks, columns: own)
        for m in 0..<masks {
            let (ofLinear, ofPairs) = (errors[m, mean] / s - lift * errors[m, sum], lift * errors[m, mean])
            for x in 0..<own { presence[m, x] = linear[m, x] * ofLinear - sensitivity.pairSums[m, x] * ofPairs }
        }
        let ownPairs = fit.features.order == 2 ? PairIndex(players: own).all : []
        let estimates = solution.pairs(response: mean)
        let pairShrunk = sensitivity.pairShrunk
        // Where shrinkage leaves the part 1 − ρ, noise and the other unresolved pairs bring ρ(1−ρ)τ²S².
        let v = fit.shrinkage.relevance
        let expected = ownPairs.map { v[$0.0] * v[$0.1] }
        let unit = fit.shrinkage.pairVariance * priorScale(fit, errors: errors, response: mean)
        let variances = ownPairs.indices.map { pairShrunk[$0] * (1 - pairShrunk[$0]) * unit * expected[$0] }
        let sizes = TrueSizes(estimates: estimates, variances: variances, shrunk: pairShrunk, expected: expected)
        var bias = [Double](repeating: 0, count: own)
        for (k, pair) in ownPairs.enumerated() {
            let squared = pairShrunk[k] * pairShrunk[k] * sizes.squared(expected: expected[k])
            pairs[index.position(offset + pair.0, offset + pair.1)] += a2 / (s2 * s2) * (variances[k] + squared)
            bias[pair.0] += lift * lift * squared
            bias[pair.1] += lift * lift * squared
        }
        for (x, square) in presence.columnSquares.enumerated() { first[offset + x] += a2 * (square * rest + bias[x]) }
        guard withPairs else { return }
        for (k, pair) in other.ownPairs.enumerated() {
            var square = 0.0
            for m in 0..<masks {
                let change = onIntercept[m] * errors[m, 2 + 2 * others + k]
                square += change * change
            }
            pairs[index.position(otherOffset + pair.0, otherOffset + pair.1)] += a2 / (s2 * s2) * square * rest
        }
    }

    /// S² of a response: its noise variance, from Var e_m = σ²/(count_m · slack_m), over λ.
    private func priorScale(_ fit: RidgeFit, errors: Matrix<Double>, response: Int) -> Double {
        var sum = 0.0
        for m in 0..<errors.rows {
            sum += errors[m, response] * errors[m, response] * fit.leverage.slack[m] * fit.counts[m]
        }
        return sum / Double(max(errors.rows, 1)) / fit.shrinkage.penalty
    }

    /// The responses W_∅, W_y, Σ W_y, U_y = W_y/s − (p/s²) Σ W_yy' and, where asked for, W_yy'.
    private func directions(_ other: SumExpansion, withPairs: Bool) -> Matrix<Double> {
        let s2 = probability * (1 - probability)
        let dimension = other.dimension
        let others = other.players
        var total = [Double](repeating: 0, count: dimension)
        var shifted = order == 2 ? other.pairSums() : Matrix(rows: others, columns: dimension)
        for y in 0..<others {
            for k in 0..<dimension {
                total[k] += other.linear[y, k]
                shifted[y, k] = other.linear[y, k] / s2.squareRoot() - probability / s2 * shifted[y, k]
            }
        }
        var vectors = other.intercept + other.linear.elements + total + shifted.elements
        if withPairs, order == 2 { vectors += other.pairVectors().elements }
        return Matrix(rows: vectors.count / dimension, columns: dimension, elements: vectors)
    }

    var standardErrors: StandardErrors {
        StandardErrors(
            first: first.map { $0.squareRoot() }, pairs: pairs.map { $0.squareRoot() },
            firstOrderReading: reading.map { $0.squareRoot() })
    }
}
