import LinearAlgebra

/// Estimates an explanation from the masks seen of an image and of a text.
///
/// The game is v(x, t) = scale · ⟨f(x), h(t)⟩ + bias with v(∅, ∅) subtracted; f and h are the rows of the two sides'
/// samples. See the paper's sections 3 and 4 for the indices.
/// - Parameters:
///   - image: the image side; its plan's nodes, or joint draws, must be those of `text`.
///   - scale: α, exp(logit_scale).
///   - bias: β, 0 for CLIP and logit_bias for SigLIP.
///   - emptyValue: v(∅, ∅), where known more precisely than from the samples.
///   - fullValue: v(1, 1), likewise.
///   - expansion: what the image says by itself, where it is at hand; without it, or where it does not serve these
///     settings, it is made.
///   - isCancelled: asked every few milliseconds.
/// - Throws: ``InteractionError``; `CancellationError` where `isCancelled` said so.
package func estimate(
    image: GameSide, text: GameSide, scale: Double, bias: Double = 0, emptyValue: Double? = nil,
    fullValue: Double? = nil,
    settings: EstimatorSettings, expansion: SideExpansion? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
) throws -> InteractionValues {
    try settings.validate()
    guard image.samples.dimension == text.samples.dimension else {
        throw InteractionError.invalidParameter(
            name: "samples",
            message:
                "image embeddings have length \(image.samples.dimension), text embeddings \(text.samples.dimension)")
    }
    guard image.plan.nodes == text.plan.nodes, image.plan.joint == text.plan.joint else {
        throw InteractionError.invalidParameter(
            name: "plan", message: "the image and the text plan have different nodes or joint draws")
    }
    let imageEnds = try image.endEmbeddings()
    let textEnds = try text.endEmbeddings()
    func value(_ f: [Double], _ h: [Double]) -> Double {
        var sum = 0.0
        for k in f.indices { sum += f[k] * h[k] }
        return scale * sum + bias
    }
    let game = BilinearGame(
        image: image, text: text, scale: scale, bias: bias,
        emptyValue: emptyValue ?? value(imageEnds.empty, textEnds.empty),
        fullValue: fullValue ?? value(imageEnds.full, textEnds.full), cancellation: Cancellation(isCancelled))
    if let draws = image.plan.joint {
        let wanted: CoalitionDistribution = settings.index == .banzhaf ? .bernoulli(settings.p) : .shapley
        guard draws.distribution == wanted else {
            throw InteractionError.invalidParameter(
                name: "plan", message: "the index needs coalitions drawn from \(wanted), not \(draws.distribution)")
        }
        return try regressionEstimate(game, settings: settings)
    }
    if settings.index == .banzhaf && settings.estimator == .ridge {
        guard image.plan.nodes.count == 1, image.plan.nodes[0].probability == settings.p else {
            throw InteractionError.invalidParameter(
                name: "plan", message: "a Banzhaf estimate needs plans with the one node p = \(settings.p)")
        }
        return try banzhafRidge(game, settings: settings, expansion: expansion)
    }
    return try regressionEstimate(game, settings: settings)
}

/// The two sides of a game and the constants of its value function.
struct BilinearGame {
    let image: GameSide
    let text: GameSide
    let scale: Double
    let bias: Double
    let emptyValue: Double
    let fullValue: Double
    /// Asked every few milliseconds of an estimate.
    let cancellation: Cancellation

    /// Values with the players, masks and ends filled in, the rest zero.
    func blankValues(_ settings: EstimatorSettings) -> InteractionValues {
        let players = image.plan.players + text.plan.players
        let isJoint = image.plan.joint != nil
        // A pair of jointly drawn masks needs both.
        let (imageMasks, textMasks) =
            isJoint ? (min(image.masks, text.masks), min(image.masks, text.masks)) : (image.masks, text.masks)
        return InteractionValues(
            index: settings.index, p: settings.index == .banzhaf ? settings.p : 0.5, order: settings.order,
            estimator: settings.estimator, imagePlayers: image.plan.players, textPlayers: text.plan.players,
            baseline: 0,
            first: [Double](repeating: 0, count: players),
            pairs: [Double](repeating: 0, count: settings.order == 2 ? PairIndex(players: players).count : 0),
            scope: settings.order == 2 ? .all : .none, emptyValue: emptyValue, fullValue: fullValue, looR2: nil,
            rankDeficient: false, isJointlySampled: isJoint, imageMasks: image.plan.effectiveCount(imageMasks),
            textMasks: text.plan.effectiveCount(textMasks), standardErrors: nil)
    }
}
