import Interactions
import LinearAlgebra
import TestSupport
import Testing

/// An image of 6 × 6 patches of which eight show something, and the states that its patches have in the pass over the
/// whole.
struct SceneGame {
    static let players = 36
    static let dimension = 16
    let whole: [Float]
    let states: [Float]
    let text: [Float]
    private let constant: [Double]
    private let linear: [[Double]]
    private let pairs: [[Double]]

    /// - Parameters:
    ///   - noise: of the states, beside what the patches say.
    ///   - isTurned: whether states say it in other directions than embeddings, the same ones in all scenes.
    init(seed: UInt64, noise: Double = 0.5, isTurned: Bool = false) {
        var generator = SeededGenerator(seed: seed)
        func vector(_ size: Double) -> [Double] { (0..<Self.dimension).map { _ in size * generator.normal() } }
        constant = vector(1)
        let objects = [vector(0.5), vector(0.5)]
        var linear = (0..<Self.players).map { _ in vector(0.03) }
        for (object, first) in [1, 21].enumerated() {
            for i in [first, first + 1, first + 6, first + 7] {
                for k in 0..<Self.dimension {
                    linear[i][k] += objects[object][k] * 0.5 + 0.2 * generator.normal()
                }
            }
        }
        self.linear = linear
        pairs = (0..<Self.players).map { i in
            vector(linear[i].reduce(0) { $0 + $1 * $1 } > 0.2 ? 0.12 : 0.005)
        }
        let common = vector(2)
        states = linear.flatMap { own in
            (0..<Self.dimension).map {
                Float(common[$0] + 3 * own[isTurned ? ($0 + 5) % Self.dimension : $0] + noise * generator.normal())
            }
        }
        text = vector(1).map { Float($0) }
        whole = Self.embedding(Coalition(full: Self.players), constant, linear, pairs)
    }

    func embedding(_ coalition: Coalition) -> [Float] { Self.embedding(coalition, constant, linear, pairs) }

    private static func embedding(
        _ coalition: Coalition, _ constant: [Double], _ linear: [[Double]], _ pairs: [[Double]]
    ) -> [Float] {
        var sum = constant
        let members = coalition.members
        for i in members {
            // Each meets the others in one direction of its own.
            let others = 0.5 * Double(members.count { $0 != i && abs($0 - i) < 8 })
            for k in sum.indices { sum[k] += linear[i][k] + pairs[i][k] * others / 4 }
        }
        let length = sum.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return sum.map { Float($0 / length) }
    }

    func side(masks: Int, seed: UInt64 = 1, prior: SidePrior? = nil) throws -> GameSide {
        let plan = try SamplingPlan(banzhaf: 0.5, players: Self.players, modality: .image, seed: seed)
        var samples = GameSamples(players: Self.players, dimension: Self.dimension)
        let wanted = plan.missing(upTo: masks, in: samples)
        try samples.append(wanted, embeddings: wanted.flatMap(embedding))
        return GameSide(samples: samples, plan: plan, masks: masks, prior: prior)
    }

    /// A text of one word that says the same with and without it, so that the image's side alone is estimated.
    func textSide() throws -> GameSide {
        let plan = try SamplingPlan(banzhaf: 0.5, players: 1, modality: .text)
        var samples = GameSamples(players: 1, dimension: Self.dimension)
        let wanted = plan.missing(upTo: 2, in: samples)
        try samples.append(wanted, embeddings: wanted.flatMap { _ in text })
        return GameSide(samples: samples, plan: plan, masks: 2)
    }

    func estimate(
        masks: Int, prior: SidePrior?, settings: EstimatorSettings = EstimatorSettings(standardErrors: false)
    ) throws -> InteractionValues {
        try Interactions.estimate(
            image: side(masks: masks, prior: prior), text: textSide(), scale: 10, settings: settings)
    }

    /// The R² of 300 coalitions that no estimate saw, with the whole text shown.
    func rSquared(_ values: InteractionValues) throws -> Double {
        let drawn = try evaluationCoalitions(
            imagePlayers: Self.players, textPlayers: 1, distribution: .bernoulli(0.5), count: 300, seed: 9,
            showsWholeText: true)
        let truth = drawn.map { pair in
            zip(embedding(pair.image), text).reduce(0.0) { $0 + 10 * Double($1.0) * Double($1.1) } - values.emptyValue
        }
        let predicted = drawn.map { values.predict(Coalition($0.image.members + [Self.players], of: Self.players + 1)) }
        return try #require(Faithfulness(truth: truth, predicted: predicted).rSquared)
    }

    func pass(_ states: [Float]? = nil) -> PatchPrior { PatchPrior(states: states ?? self.states, whole: whole) }

    func prior(_ states: [Float]? = nil, map: PatchMap? = nil) throws -> SidePrior {
        let players = try ImagePlayers(patchRows: 6, patchColumns: 6)
        return try #require(pass(states).side(players, map: map, identity: map == nil ? "pass" : "map"))
    }

    /// The states of other patches than each patch's own.
    func shuffled(seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        let order = (0..<Self.players).shuffled(using: &generator)
        return order.flatMap { states[$0 * Self.dimension..<($0 + 1) * Self.dimension] }
    }

    /// Two patches of the background with states far off, as large transformers have them.
    func withOutliers() -> [Float] {
        var states = states
        var generator = SeededGenerator(seed: 5)
        for patch in [17, 30] {
            for k in 0..<Self.dimension { states[patch * Self.dimension + k] += Float(30 * generator.normal()) }
        }
        return states
    }
}
