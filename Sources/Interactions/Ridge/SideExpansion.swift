import LinearAlgebra

/// What one side of a game says by itself: its embeddings' p-biased expansion, tuned and fitted on its masks alone.
///
/// It serves every input of the other side, so an image's is kept while captions come and go. It is a function of the
/// side's masks, the basis and the order, whatever was estimated before.
package struct SideExpansion: Sendable {
    /// The order wanted; ``solution`` has a lower one where the masks do not afford it.
    let order: Int
    let plan: SamplingPlan
    let masks: Int
    let probability: Double
    private let drawn: DrawnCoalitions
    private let weights: [Double]
    /// `[coalitions, dimension]`.
    private let embeddings: Matrix<Float>
    /// Of all coordinates of the embedding.
    let solution: RidgeSolution
    private let tuning: ShrinkageSearch.Key?
    private let tuned: SideTuning?
    private let prior: String?
    private let limits: RidgeLimits

    /// - Parameters:
    ///   - standardErrors: whether estimates made with it will want standard errors.
    ///   - earlier: an expansion of the same game; what it has tuned is taken over where tuning again would give the
    ///     same.
    ///   - isCancelled: asked every few milliseconds.
    /// - Throws: ``InteractionError``; `CancellationError` where `isCancelled` said so.
    package init(
        _ side: GameSide, p: Double, order: Int, standardErrors: Bool, limits: RidgeLimits = RidgeLimits(),
        earlier: SideExpansion? = nil, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws {
        try self.init(
            side, p: p, order: order, standardErrors: standardErrors, limits: limits, earlier: earlier,
            Cancellation(isCancelled))
    }

    init(
        _ side: GameSide, p: Double, order: Int, standardErrors: Bool, limits: RidgeLimits, earlier: SideExpansion?,
        _ cancellation: Cancellation
    ) throws {
        let sample = try side.sample(basis: p)
        try sample.requireMasks(side)
        self.order = order
        self.limits = limits
        plan = side.plan
        masks = side.masks
        probability = p
        drawn = sample.drawn
        weights = sample.weights
        embeddings = Matrix<Float>(sample.embeddings)
        prior = side.prior?.identity
        guard !sample.isExact else {
            tuning = nil
            tuned = nil
            solution = try RidgeSolution(
                sample, order: order, shrinkage: .none(players: sample.players), sensitivity: false)
            return
        }
        let affordable = limits.affordableOrder(order, players: sample.players, masks: sample.coalitions.count)
        let key = ShrinkageSearch.Key(
            order: affordable, probability: p, seed: side.plan.seed, paired: side.plan.paired, prior: prior,
            counts: Array(sample.counts[..<ShrinkageSearch.masks(of: sample)]))
        tuning = key
        let found: SideTuning
        if let earlier, earlier.tuning == key, let known = earlier.tuned {
            found = known
        } else {
            found = try ShrinkageSearch(sample, order: affordable, prior: side.prior, cancellation).tuned()
        }
        tuned = found
        solution = try RidgeSolution(
            sample, order: affordable, tuning: found, sensitivity: standardErrors, limits: limits, cancellation)
    }

    /// B_i, `[players, dimension]`.
    package var coefficients: Matrix<Double> { solution.linear }

    /// Memory held, in bytes.
    package var bytes: Int {
        let fit = solution.fit
        var numbers = solution.state.elements.count + solution.linear.elements.count + fit.variables.elements.count
        numbers += embeddings.elements.count / 2 + 8 * drawn.coalitions.count
        if let sensitivity = fit.sensitivity {
            numbers +=
                sensitivity.linear.elements.count + sensitivity.pairSums.elements.count + sensitivity.pairShrunk.count
        }
        numbers += 2 * (tuned?.expected?.values.elements.count ?? 0)
        return numbers * MemoryLayout<Double>.stride + drawn.coalitions.count * MemoryLayout<Coalition>.stride
    }

    /// Whether it is what these masks and settings give.
    package func serves(_ side: GameSide, settings: EstimatorSettings) -> Bool {
        masks == side.masks && plan.isSame(as: side.plan) && probability == settings.p && order == settings.order
            && limits == settings.ridgeLimits && prior == side.prior?.identity
            && (!settings.standardErrors || solution.fit.sensitivity != nil || drawn.isEnumerated)
    }

    var sample: SideSample {
        SideSample(
            players: plan.players, probability: probability, drawn: drawn, weights: weights,
            embeddings: Matrix<Double>(embeddings))
    }
}

extension SamplingPlan {
    /// Whether another plan draws the same masks.
    func isSame(as other: SamplingPlan) -> Bool {
        players == other.players && modality == other.modality && seed == other.seed && paired == other.paired
            && nodes == other.nodes && joint == other.joint && jointPlayers == other.jointPlayers
    }
}

extension SideSample {
    func requireMasks(_ side: GameSide) throws(InteractionError) {
        guard isExact || coalitions.count >= SamplingPlan.leastDraws else {
            throw .tooFewMasks(
                drawn: coalitions.count, of: side.masks, "\(side.plan.modality) masks")
        }
    }
}
