import LinearAlgebra

/// Texts' predictions h(t) ≈ Σ_T W_T χ_T(t) split by order, for the text masks that an error estimate looks at:
/// `[features, texts]` weights of the image responses that make up order 0, up to order 1 and up to order 2.
struct TextReadout {
    /// Vectors that image embeddings are multiplied with, `[responses, dimension]`.
    let directions: Matrix<Double>
    /// How the responses combine for the image's constant, linear and pair parts, each `[responses, texts]`.
    let forIntercept: Matrix<Double>
    let forLinear: Matrix<Double>
    let forPair: Matrix<Double>
    /// The rows of the text sample these are about.
    let texts: [Int]

    /// - Parameter order: of the whole model; the image's part of order k meets the text's up to order − k.
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

/// R² of v(x_m, t_l) predicted by the model from all masks but x_m and t_l, over sampled pairs.
///
/// A side that is enumerated leaves nothing out: its expansion is exact. At most 1,024 image masks are looked at.
func crossedLeaveOneOut(image: SideSample, solution: RidgeSolution, text: SideSample, readout: TextReadout) -> Double? {
    let limit = 1024
    let embeddings = image.embeddings.rows(solution.fit.inspected(limit))
    let responses = embeddings.times(readout.directions, transposeOther: true)
    let parts = LeaveOneOut(solution.along(readout.directions), responses: responses, masks: limit)
    var predicted = parts.intercept.times(readout.forIntercept)
    predicted.add(parts.linear.times(readout.forLinear))
    predicted.add(parts.pair.times(readout.forPair))
    let truth = embeddings.times(text.embeddings.rows(readout.texts), transposeOther: true)
    var sum = WeightedMoments()
    for (m, mask) in parts.rows.enumerated() {
        for (l, other) in readout.texts.enumerated() {
            let k = m * readout.texts.count + l
            sum.add(
                truth: truth.elements[k], predicted: predicted.elements[k],
                weight: image.weights[mask] * text.weights[other])
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
