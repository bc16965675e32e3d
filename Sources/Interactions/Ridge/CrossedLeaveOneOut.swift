import LinearAlgebra

/// An input's predictions h(t) ≈ Σ_T W_T χ_T(t) split by order, for those of its masks that an error estimate looks at:
/// `[features, texts]` weights of the first side's responses that make up order 0, up to order 1 and up to order 2.
struct TextReadout {
    /// Vectors that image embeddings are multiplied with, `[responses, dimension]`.
    let directions: Matrix<Double>
    /// How the responses combine for the image's constant, linear and pair parts, each `[responses, texts]`.
    let forIntercept: Matrix<Double>
    let forLinear: Matrix<Double>
    let forPair: Matrix<Double>
    /// The rows of the text sample these are about.
    let texts: [Int]

    /// - Parameter order: the order of the whole model; the image's part of order k meets the text's up to order − k.
    init(_ text: SideSample, solution: RidgeSolution, order: Int) {
        let dimension = text.embeddings.columns
        if text.isExact {
            // The same vectors W_T for all texts, each with its χ_T(t).
            let features = solution.fit.features
            texts = solution.fit.inspected(1024)
            let count = texts.count
            var vectors = solution.intercept + solution.linear.elements
            if order == 2 { vectors += solution.pairVectors().elements }
            directions = Matrix(rows: features.count, columns: dimension, elements: vectors)
            let design = features.design(solution.fit.variables.rows(texts), rows: 0..<count) { _ in 1 }.transposed
            func upTo(_ last: Int) -> Matrix<Double> {
                let kept = last < 0 ? 0 : last == 0 ? 1 : last == 1 ? 1 + features.players : features.count
                var result = design
                for k in kept * count..<max(result.elements.count, kept * count) { result.elements[k] = 0 }
                return result
            }
            forIntercept = upTo(order)
            forLinear = upTo(order - 1)
            forPair = upTo(order - 2)
        } else {
            // Each text is left out in turn, so each has its own vectors.
            let parts = LeaveOneOut(solution, responses: text.embeddings, masks: 64)
            texts = parts.rows
            let count = texts.count
            var upTo1 = parts.intercept
            upTo1.add(parts.linear)
            var upTo2 = upTo1
            upTo2.add(parts.pair)
            let blocks = order == 2 ? [upTo2, upTo1, parts.intercept] : [upTo1, parts.intercept]
            directions = Matrix(rows: blocks.count * count, columns: dimension, elements: blocks.flatMap(\.elements))
            func pick(_ block: Int) -> Matrix<Double> {
                var result = Matrix<Double>(rows: blocks.count * count, columns: count)
                if block < blocks.count {
                    for l in 0..<count { result[block * count + l, l] = 1 }
                }
                return result
            }
            forIntercept = pick(0)
            forLinear = pick(1)
            forPair = pick(2)
        }
    }
}

/// Predictions of a weighted sum of inputs, for some of the combinations of their masks.
struct SumReadout {
    /// One input of the sum.
    struct Input {
        let weight: Double
        let sample: SideSample
        let solution: RidgeSolution
    }

    /// As in ``TextReadout``, those of all inputs below each other.
    let directions: Matrix<Double>
    let forIntercept: Matrix<Double>
    let forLinear: Matrix<Double>
    let forPair: Matrix<Double>
    /// The true sums, `[combinations, dimension]`.
    let embeddings: Matrix<Double>
    /// The product of the masks' weights, of each combination.
    let weights: [Double]

    /// Combinations looked at where there are several inputs.
    private static let combinations = 256
    /// A stream of random numbers that no game's masks use.
    private static let stream: UInt32 = 0x800002

    /// - Parameter order: the order of the whole model.
    init(_ inputs: [Input], order: Int) {
        let parts = inputs.map { TextReadout($0.sample, solution: $0.solution, order: order) }
        let rows: [[Int]]
        if parts.count == 1 {
            rows = [Array(parts[0].texts.indices)]
        } else {
            // Each input's masks are picked apart from the others', so that what they hold is independent.
            rows = parts.indices.map { k in
                var generator = CounterGenerator(seed: 0, stream: Self.stream, sequence: UInt32(k))
                return (0..<Self.combinations).map { _ in Int(generator.uniform() * Double(parts[k].texts.count)) }
            }
        }
        let count = rows[0].count
        let dimension = inputs[0].sample.embeddings.columns
        func gathered(_ matrix: (TextReadout) -> Matrix<Double>) -> Matrix<Double> {
            var elements: [Double] = []
            for (k, part) in parts.enumerated() {
                let source = matrix(part)
                for row in 0..<source.rows {
                    for l in 0..<count { elements.append(inputs[k].weight * source[row, rows[k][l]]) }
                }
            }
            return Matrix(rows: elements.count / count, columns: count, elements: elements)
        }
        let vectors = parts.flatMap(\.directions.elements)
        directions = Matrix(rows: vectors.count / dimension, columns: dimension, elements: vectors)
        forIntercept = gathered(\.forIntercept)
        forLinear = gathered(\.forLinear)
        forPair = gathered(\.forPair)
        var sums = Matrix<Double>(rows: count, columns: dimension)
        var products = [Double](repeating: 1, count: count)
        for (k, part) in parts.enumerated() {
            for l in 0..<count {
                let mask = part.texts[rows[k][l]]
                products[l] *= inputs[k].sample.weights[mask]
                for d in 0..<dimension { sums[l, d] += inputs[k].weight * inputs[k].sample.embeddings[mask, d] }
            }
        }
        embeddings = sums
        weights = products
    }
}

/// R² of v(x_m, t_l) predicted by the model from all masks but x_m and t_l, over sampled pairs.
///
/// A side that is enumerated leaves nothing out: its expansion is exact. At most 1,024 masks of the first side are
/// looked at.
func crossedLeaveOneOut(first: SideSample, solution: RidgeSolution, readout: SumReadout) -> Double? {
    let limit = 1024
    let embeddings = first.embeddings.rows(solution.fit.inspected(limit))
    let responses = embeddings.times(readout.directions, transposeOther: true)
    let parts = LeaveOneOut(solution.along(readout.directions), responses: responses, masks: limit)
    var predicted = parts.intercept.times(readout.forIntercept)
    predicted.add(parts.linear.times(readout.forLinear))
    predicted.add(parts.pair.times(readout.forPair))
    let truth = embeddings.times(readout.embeddings, transposeOther: true)
    let count = readout.weights.count
    var sum = WeightedMoments()
    for (m, mask) in parts.rows.enumerated() {
        for l in 0..<count {
            sum.add(
                truth: truth.elements[m * count + l], predicted: predicted.elements[m * count + l],
                weight: first.weights[mask] * readout.weights[l])
        }
    }
    return sum.rSquared
}

/// Sums for a weighted R².
struct WeightedMoments {
    private var weight = 0.0
    private var sum = 0.0
    private var squares = 0.0
    private var residuals = 0.0

    mutating func add(truth: Double, predicted: Double, weight w: Double) {
        weight += w
        sum += w * truth
        squares += w * truth * truth
        residuals += w * (truth - predicted) * (truth - predicted)
    }

    /// 1 − Σw(y−ŷ)²/Σw(y−ȳ)²; nil where the values do not vary.
    var rSquared: Double? {
        guard weight > 0 else { return nil }
        let variance = squares / weight - (sum / weight) * (sum / weight)
        guard variance > 1e-12 * squares / weight, residuals.isFinite else { return nil }
        return 1 - residuals / weight / variance
    }
}
