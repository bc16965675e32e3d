import LinearAlgebra

/// One side of a game as an estimate sees it: the embeddings held, and how many masks of the plan to use.
///
/// The two sides share nothing else: an image side serves every text and the other way round.
public struct GameSide: Sendable {
    public let samples: GameSamples
    public let plan: SamplingPlan
    /// How many masks of the plan to use; the samples must hold them all.
    public let masks: Int

    public init(samples: GameSamples, plan: SamplingPlan, masks: Int) {
        self.samples = samples
        self.plan = plan
        self.masks = masks
    }

    /// The embeddings of the full and the empty coalition.
    func endEmbeddings() throws(InteractionError) -> (full: [Double], empty: [Double]) {
        guard let full = samples.row(of: Coalition(full: plan.players)),
            let empty = samples.row(of: Coalition(empty: plan.players))
        else { throw .missingEmbedding(modality: plan.modality, count: 1) }
        return (samples.embedding(row: full).map(Double.init), samples.embedding(row: empty).map(Double.init))
    }

    /// The weighted masks of one node with their embeddings.
    func sample(node: Int) throws(InteractionError) -> SideSample {
        let weighted = plan.weighted(node: node, upTo: masks)
        var rows: [Int] = []
        rows.reserveCapacity(weighted.coalitions.count)
        var missing = 0
        for coalition in weighted.coalitions {
            if let row = samples.row(of: coalition) { rows.append(row) } else { missing += 1 }
        }
        guard missing == 0 else { throw .missingEmbedding(modality: plan.modality, count: missing) }
        var embeddings = Matrix<Double>(rows: rows.count, columns: samples.dimension)
        for (index, row) in rows.enumerated() {
            let start = index * samples.dimension
            for (offset, value) in samples.embedding(row: row).enumerated() {
                embeddings.elements[start + offset] = Double(value)
            }
        }
        return SideSample(
            players: plan.players, probability: plan.nodes[node].probability, coalitions: weighted.coalitions,
            weights: weighted.weights, draws: weighted.draws, isExact: weighted.isEnumerated, embeddings: embeddings)
    }
}

/// Distinct weighted coalitions of one side at one node, with embeddings.
struct SideSample {
    let players: Int
    let probability: Double
    let coalitions: [Coalition]
    /// Adding up to 1.
    let weights: [Double]
    let draws: Int
    /// Whether the weights are those of the distribution itself, not of a sample.
    let isExact: Bool
    /// `[coalitions, dimension]`.
    let embeddings: Matrix<Double>

    /// Times each coalition was drawn.
    var counts: [Double] { weights.map { ($0 * Double(draws)).rounded() } }
}
