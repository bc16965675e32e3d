import Interactions

/// A game of any two sides, v(x, t₁, …) = scale · ⟨f(x), Σ_k c_k h_k(t_k)⟩ + bias, small enough to enumerate.
struct SumGame {
    struct Input {
        let modality: Modality
        let players: Int
        var weight = 1.0
        let embedding: @Sendable (Coalition) -> [Float]
    }

    let inputs: [Input]
    var scale = 10.0
    var bias = 0.0

    /// Made-up inputs: the first is the first side, the others make up the second.
    init(_ shapes: [(modality: Modality, players: Int, weight: Double)], seed: UInt64, roughness: Double = 0.3) {
        inputs = shapes.enumerated().map { k, shape in
            let table = SyntheticGame(
                imagePlayers: shape.modality == .image ? shape.players : 1,
                textPlayers: shape.modality == .text ? shape.players : 1, seed: seed + UInt64(1000 * k),
                roughness: roughness)
            return Input(
                modality: shape.modality, players: shape.players, weight: shape.weight,
                embedding: shape.modality == .image ? table.imageEmbedding : table.textEmbedding)
        }
    }

    init(_ inputs: [Input]) { self.inputs = inputs }

    var players: Int { inputs.reduce(0) { $0 + $1.players } }

    /// Where each input's players begin.
    var offsets: [Int] { inputs.indices.map { inputs[..<$0].reduce(0) { $0 + $1.players } } }

    func value(_ coalition: Coalition) -> Double {
        let rows = zip(inputs, offsets).map { input, offset in
            input.embedding(coalition.slice(offset..<offset + input.players)).map(Double.init)
        }
        var sum = 0.0
        for k in 1..<inputs.count {
            sum += inputs[k].weight * zip(rows[0], rows[k]).reduce(0) { $0 + $1.0 * $1.1 }
        }
        return scale * sum + bias
    }

    /// An input with everything that its plan needs encoded.
    func side(_ k: Int, _ plan: SamplingPlan, masks: Int) throws -> GameSide {
        var samples = GameSamples(players: plan.players, dimension: 16)
        let missing = plan.missing(upTo: masks, in: samples)
        try samples.append(missing, embeddings: missing.flatMap(inputs[k].embedding))
        return GameSide(samples: samples, plan: plan, masks: masks)
    }

    /// - Parameters:
    ///   - masks: of each input.
    ///   - seed: of the first; each input draws its own masks.
    func estimate(
        nodes: [SamplingNode], masks: [Int], seed: UInt64 = 0, settings: EstimatorSettings
    ) throws -> InteractionValues {
        let sides = try inputs.indices.map { k in
            try side(
                k,
                SamplingPlan(
                    players: inputs[k].players, modality: inputs[k].modality, nodes: nodes,
                    seed: seed | UInt64(k) << 32),
                masks: masks[k])
        }
        return try estimate(sides, settings: settings)
    }

    func estimate(_ sides: [GameSide], settings: EstimatorSettings) throws -> InteractionValues {
        try Interactions.estimate(
            first: sides[0], second: zip(sides, inputs).dropFirst().map { WeightedSide($0, weight: $1.weight) },
            scale: scale, bias: bias, settings: settings)
    }

    /// The index by its definition: weighted least squares over all coalitions of all players.
    func definition(_ index: InteractionIndex, p: Double, order: Int) throws -> [Double] {
        let n = players
        let empty = value(Coalition(empty: n))
        func choose(_ n: Int, _ k: Int) -> Double { (0..<k).reduce(1.0) { $0 * Double(n - $1) / Double($1 + 1) } }
        let rows = (0..<1 << n).map { bits -> (z: [Int], weight: Double, value: Double) in
            let coalition = Coalition(bits: bits, of: n)
            let size = coalition.size
            let weight =
                switch index {
                case .banzhaf:
                    (0..<n).reduce(1.0) { $0 * ($1 < size ? p : 1 - p) }
                // The reference's weight for the two ends; an equality constraint is its limit.
                case .shapley: size == 0 || size == n ? 1e7 : 1 / choose(n - 2, size - 1)
                }
            return (coalition.presence.map(Int.init), weight, value(coalition) - empty)
        }
        return try ExplicitRegression.solve(rows, order: order)
    }
}
