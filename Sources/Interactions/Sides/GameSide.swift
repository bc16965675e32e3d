import LinearAlgebra

/// One input of a game as an estimate sees it: the embeddings held, and how many masks of the plan to use.
///
/// The inputs of a game share nothing else: an image serves every text and the other way round.
package struct GameSide: Sendable {
    package let samples: GameSamples
    package let plan: SamplingPlan
    /// How many masks of the plan to use; the samples must hold them all.
    package let masks: Int
    /// What is expected of it beforehand; Banzhaf's `ridge` alone asks.
    package let prior: SidePrior?

    /// Whether it is a vector that nothing masks.
    package let isFixed: Bool

    package init(samples: GameSamples, plan: SamplingPlan, masks: Int, prior: SidePrior? = nil) {
        self.init(samples: samples, plan: plan, masks: masks, prior: prior, isFixed: false)
    }

    private init(samples: GameSamples, plan: SamplingPlan, masks: Int, prior: SidePrior?, isFixed: Bool) {
        self.samples = samples
        self.plan = plan
        self.masks = masks
        self.prior = prior
        self.isFixed = isFixed
    }

    /// A fixed vector: an input without players, whose embedding is the same whatever is masked.
    ///
    /// - Parameter plan: the other side's plan, whose nodes or joint draws it takes.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for values that are not finite.
    package static func fixed(_ vector: [Float], beside plan: SamplingPlan) throws(InteractionError) -> GameSide {
        var samples = GameSamples(players: 0, dimension: vector.count)
        try samples.append([Coalition(empty: 0)], embeddings: vector)
        let own =
            if let joint = plan.joint {
                SamplingPlan(joint: joint, players: joint.players..<joint.players, modality: .text)
            } else {
                try SamplingPlan(players: 0, modality: .text, nodes: plan.nodes)
            }
        return GameSide(samples: samples, plan: own, masks: 1, prior: nil, isFixed: true)
    }

    /// The embeddings of the full and the empty coalition.
    func endEmbeddings() throws(InteractionError) -> (full: [Double], empty: [Double]) {
        guard let full = samples.row(of: Coalition(full: plan.players)),
            let empty = samples.row(of: Coalition(empty: plan.players))
        else { throw .missingEmbedding(modality: plan.modality, count: 1) }
        return (samples.embedding(row: full).map(Double.init), samples.embedding(row: empty).map(Double.init))
    }

    /// The masks of the plan with their embeddings.
    ///
    /// - Parameter probability: the p of the basis to expand them in and, where they are enumerated, of their weights.
    func sample(basis probability: Double) throws(InteractionError) -> SideSample {
        guard plan.joint == nil else {
            throw .invalidParameter(name: "plan", message: "a side of joint draws cannot be expanded by itself")
        }
        let drawn = plan.draws(upTo: masks)
        var rows: [Int] = []
        rows.reserveCapacity(drawn.coalitions.count)
        var missing = 0
        for coalition in drawn.coalitions {
            if let row = samples.row(of: coalition) { rows.append(row) } else { missing += 1 }
        }
        guard missing == 0 else { throw .missingEmbedding(modality: plan.modality, count: missing) }
        let dimension = samples.dimension
        var embeddings = Matrix<Double>(rows: rows.count, columns: dimension)
        samples.embeddings.withUnsafeBufferPointer { source in
            embeddings.elements.withUnsafeMutableBufferPointer { target in
                for (index, row) in rows.enumerated() {
                    for k in 0..<dimension { target[index * dimension + k] = Double(source[row * dimension + k]) }
                }
            }
        }
        let weights: [Double]
        if drawn.isEnumerated {
            weights = drawn.exactWeights(probability: probability, players: plan.players)
        } else {
            let total = drawn.counts.reduce(0, +)
            weights = drawn.counts.map { $0 / max(total, 1) }
        }
        return SideSample(
            players: plan.players, probability: probability, drawn: drawn, weights: weights, embeddings: embeddings)
    }
}

/// The distinct masks of one side with their embeddings.
struct SideSample {
    let players: Int
    /// The p of the p-biased basis.
    let probability: Double
    let drawn: DrawnCoalitions
    /// Weights that add up to 1: shares of the draws, or exact probabilities.
    let weights: [Double]
    /// `[coalitions, dimension]`.
    let embeddings: Matrix<Double>

    var coalitions: [Coalition] { drawn.coalitions }
    /// How often each coalition was drawn.
    var counts: [Double] { drawn.counts }
    /// Whether the weights are those of the distribution itself, not of a sample.
    var isExact: Bool { drawn.isEnumerated }
    /// All draws, repeats counted.
    var draws: Double { drawn.counts.reduce(0, +) }
}
