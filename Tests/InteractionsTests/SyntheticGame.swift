import Interactions
import TestSupport

/// A bilinear game with random smooth embeddings under masks, small enough to enumerate.
struct SyntheticGame {
    let imagePlayers: Int
    let textPlayers: Int
    let dimension: Int
    let scale = 10.0
    let bias = -3.0
    private let imageTable: [[Float]]
    private let textTable: [[Float]]

    /// - Parameter roughness: how much variance interactions of order 3 and more carry, about.
    init(imagePlayers: Int, textPlayers: Int, dimension: Int = 16, seed: UInt64, roughness: Double = 0.3) {
        self.imagePlayers = imagePlayers
        self.textPlayers = textPlayers
        self.dimension = dimension
        var generator = SeededGenerator(seed: seed)
        imageTable = Self.table(imagePlayers, dimension, roughness, &generator)
        textTable = Self.table(textPlayers, dimension, roughness, &generator)
    }

    /// Unit vectors along a constant, a linear, a quadratic and an unstructured part.
    private static func table(_ players: Int, _ dimension: Int, _ roughness: Double, _ generator: inout SeededGenerator)
        -> [[Float]]
    {
        let constant = (0..<dimension).map { _ in generator.normal() }
        let linear = (0..<players).map { _ in
            (0..<dimension).map { _ in generator.normal() / Double(players).squareRoot() }
        }
        let pairs = (0..<players * players).map { _ in
            (0..<dimension).map { _ in 0.7 * generator.normal() / Double(players) }
        }
        return (0..<1 << players).map { bits in
            var vector = constant
            for i in 0..<players where bits >> i & 1 == 1 {
                for k in 0..<dimension { vector[k] += linear[i][k] }
                for j in 0..<i where bits >> j & 1 == 1 {
                    for k in 0..<dimension { vector[k] += pairs[i * players + j][k] }
                }
            }
            for k in 0..<dimension { vector[k] += roughness * generator.normal() }
            let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
            return vector.map { Float($0 / length) }
        }
    }

    func imageEmbedding(_ coalition: Coalition) -> [Float] { imageTable[Int(coalition.word(0))] }
    func textEmbedding(_ coalition: Coalition) -> [Float] { textTable[Int(coalition.word(0))] }

    func value(image: Coalition, text: Coalition) -> Double {
        var sum = 0.0
        for (a, b) in zip(imageEmbedding(image), textEmbedding(text)) { sum += Double(a) * Double(b) }
        return scale * sum + bias
    }

    /// A side with everything its plan needs encoded.
    func side(_ plan: SamplingPlan, masks: Int) throws -> GameSide {
        var samples = GameSamples(players: plan.players, dimension: dimension)
        let missing = plan.missing(upTo: masks, in: samples)
        let table = plan.modality == .image ? imageEmbedding : textEmbedding
        try samples.append(missing, embeddings: missing.flatMap(table))
        return GameSide(samples: samples, plan: plan, masks: masks)
    }

    func sides(nodes: [SamplingNode], imageMasks: Int, textMasks: Int, seed: UInt64 = 0) throws -> (
        image: GameSide, text: GameSide
    ) {
        let image = try SamplingPlan(players: imagePlayers, modality: .image, nodes: nodes, seed: seed)
        let text = try SamplingPlan(players: textPlayers, modality: .text, nodes: nodes, seed: seed)
        return try (side(image, masks: imageMasks), side(text, masks: textMasks))
    }

    func estimate(
        nodes: [SamplingNode], imageMasks: Int, textMasks: Int, seed: UInt64 = 0, settings: EstimatorSettings
    ) throws -> InteractionValues {
        let (image, text) = try sides(nodes: nodes, imageMasks: imageMasks, textMasks: textMasks, seed: seed)
        return try Interactions.estimate(image: image, text: text, scale: scale, bias: bias, settings: settings)
    }
}
