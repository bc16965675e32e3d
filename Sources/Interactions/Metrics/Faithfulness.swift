/// How well predicted values ŷ follow true values y over sampled coalitions (the paper's section 5).
package struct Faithfulness: Sendable, Equatable {
    /// 1 − Σ(y−ŷ)²/Σ(y−ȳ)²; nil where y is constant, as are the correlations where either is.
    package let rSquared: Double?
    package let pearson: Double?
    package let spearman: Double?
    /// τ-b.
    package let kendall: Double?
    package let meanSquaredError: Double
    package let meanAbsoluteError: Double
    package let cosine: Double?

    /// - Parameters:
    ///   - truth: v(z) − v₀.
    ///   - predicted: Σ a_S over S ⊆ z.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for no values or different numbers of them.
    package init(truth y: [Double], predicted: [Double]) throws(InteractionError) {
        guard !y.isEmpty, y.count == predicted.count else {
            throw .invalidParameter(
                name: "coalitions", message: "\(y.count) true and \(predicted.count) predicted values")
        }
        let count = Double(y.count)
        let mean = y.reduce(0, +) / count
        var (residual, variance, absolute, dot, lengthY, lengthP) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
        for (a, b) in zip(y, predicted) {
            residual += (a - b) * (a - b)
            variance += (a - mean) * (a - mean)
            absolute += abs(a - b)
            dot += a * b
            lengthY += a * a
            lengthP += b * b
        }
        rSquared = variance > 0 ? 1 - residual / variance : nil
        pearson = correlation(y, predicted)
        spearman = correlation(ranks(y), ranks(predicted))
        kendall = kendallTau(y, predicted)
        meanSquaredError = residual / count
        meanAbsoluteError = absolute / count
        cosine = lengthY > 0 && lengthP > 0 ? dot / (lengthY * lengthP).squareRoot() : nil
    }
}

/// Coalitions of both sides for an evaluation, the same for the same seed, drawn apart from every game's own masks.
///
/// - Parameter showsWholeText: whether coalitions of the image players alone are drawn, each with the whole text; a
///   Shapley kernel is that of the image players then.
/// - Returns: `count` pairs of an image and a text coalition.
/// - Throws: ``InteractionError/invalidParameter(name:message:)``.
package func evaluationCoalitions(
    imagePlayers: Int, textPlayers: Int, distribution: CoalitionDistribution, count: Int, seed: UInt64,
    showsWholeText: Bool = false
) throws(InteractionError) -> [(image: Coalition, text: Coalition)] {
    guard count >= 2 else { throw .invalidParameter(name: "samples", message: "at least 2 are needed, not \(count)") }
    guard !showsWholeText else {
        let whole = Coalition(full: textPlayers)
        return try evaluationCoalitions(
            imagePlayers: imagePlayers, textPlayers: 0, distribution: distribution, count: count, seed: seed
        ).map { ($0.image, whole) }
    }
    let players = imagePlayers + textPlayers
    // A stream that no game's masks use.
    let node = 0x800000
    switch distribution {
    case .bernoulli(let p):
        let masks = try MaskSequence(players: players, probability: p, seed: seed, modality: .image, node: node)
        return (0..<count).map { masks[$0].split(at: imagePlayers) }
    case .shapley:
        guard players >= 2 else { throw .invalidPlayers("the Shapley kernel needs at least 2 players") }
        let kernel = ShapleyKernel(players: players)
        var generator = CounterGenerator(seed: seed, stream: UInt32(node) + 1)
        return (0..<count).map { _ in kernel.coalition(&generator).split(at: imagePlayers) }
    }
}
