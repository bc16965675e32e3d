/// How well predicted values ŷ follow true values y over sampled coalitions (the paper's section 5).
public struct Faithfulness: Sendable, Equatable {
    /// 1 − Σ(y−ŷ)²/Σ(y−ȳ)²; nil where y is constant, as are the correlations where either is.
    public let rSquared: Double?
    public let pearson: Double?
    public let spearman: Double?
    /// τ-b.
    public let kendall: Double?
    public let meanSquaredError: Double
    public let meanAbsoluteError: Double
    public let cosine: Double?

    /// - Parameters:
    ///   - truth: v(z) − v₀.
    ///   - predicted: Σ a_S over S ⊆ z.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for no values or different numbers of them.
    public init(truth y: [Double], predicted: [Double]) throws(InteractionError) {
        guard !y.isEmpty, y.count == predicted.count else {
            throw .invalidParameter(name: "coalitions", message: "\(y.count) true and \(predicted.count) predicted values")
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
        kendall = Interactions.kendall(y, predicted)
        meanSquaredError = residual / count
        meanAbsoluteError = absolute / count
        cosine = lengthY > 0 && lengthP > 0 ? dot / (lengthY * lengthP).squareRoot() : nil
    }
}

/// What coalitions an evaluation draws.
public enum EvaluationDistribution: Sendable, Equatable {
    /// Every player present with this probability.
    case bernoulli(Double)
    /// Sizes 1…n−1 with the Shapley kernel's weight, players alike.
    case shapley
}

/// Coalitions of both sides for an evaluation, the same for the same seed, drawn apart from every game's own masks.
///
/// - Returns: `count` pairs of an image and a text coalition.
/// - Throws: ``InteractionError/invalidParameter(name:message:)``.
public func evaluationCoalitions(
    imagePlayers: Int, textPlayers: Int, distribution: EvaluationDistribution, count: Int, seed: UInt64
) throws(InteractionError) -> [(image: Coalition, text: Coalition)] {
    guard count >= 2 else { throw .invalidParameter(name: "samples", message: "at least 2 are needed, not \(count)") }
    let players = imagePlayers + textPlayers
    func split(_ coalition: Coalition) -> (image: Coalition, text: Coalition) {
        let members = coalition.members
        return (
            Coalition(members.lazy.filter { $0 < imagePlayers }, of: imagePlayers),
            Coalition(members.lazy.filter { $0 >= imagePlayers }.map { $0 - imagePlayers }, of: textPlayers)
        )
    }
    // A stream that no game's masks use.
    let node = 0x800000
    switch distribution {
    case .bernoulli(let p):
        let masks = try MaskSequence(players: players, probability: p, seed: seed, modality: .image, node: node)
        return (0..<count).map { split(masks[$0]) }
    case .shapley:
        guard players >= 2 else { throw .invalidPlayers("the Shapley kernel needs at least 2 players") }
        // Size s has C(n, s) coalitions of weight 1/C(n−2, s−1), together in proportion to 1/(s(n−s)).
        let weights = (1..<players).map { 1 / (Double($0) * Double(players - $0)) }
        let total = weights.reduce(0, +)
        var generator = CounterGenerator(seed: seed, stream: UInt32(node) + 1)
        return (0..<count).map { _ in
            var rest = generator.uniform() * total
            var size = 1
            while size < players - 1, rest >= weights[size - 1] {
                rest -= weights[size - 1]
                size += 1
            }
            var order = Array(0..<players)
            for k in 0..<size { order.swapAt(k, k + Int(generator.uniform() * Double(players - k))) }
            return split(Coalition(order[..<size], of: players))
        }
    }
}

/// Uniform numbers from successive Philox blocks.
struct CounterGenerator {
    private let key: SIMD2<UInt32>
    private let stream: UInt32
    private var index: UInt64 = 0

    init(seed: UInt64, stream: UInt32) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
    }

    /// In [0, 1), 53 bits.
    mutating func uniform() -> Double {
        let block = Philox.block(
            counter: SIMD4(UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), 0, stream), key: key)
        index += 1
        return Double((UInt64(block.x) << 32 | UInt64(block.y)) >> 11) * 0x1p-53
    }
}
