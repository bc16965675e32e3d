// Interactions: from the embeddings of masked inputs to interactions of players, with standard errors. It knows no
// model.
// Its rooms use only those named before them: Players, Settings, Sampling, Basis, Sides, Readings, Ridge, Games,
// Regression, Estimation; Metrics measures what Readings hold.

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
    try estimate(
        first: image, second: [WeightedSide(text)], scale: scale, bias: bias, emptyValue: emptyValue,
        fullValue: fullValue, settings: settings, expansion: expansion, isCancelled: isCancelled)
}

/// Estimates an explanation from the masks seen of one input and of a weighted sum of others.
///
/// The game is v(x, t₁, t₂, …) = scale · ⟨f(x), Σ_k c_k h_k(t_k)⟩ + bias with v(∅) subtracted. It is bilinear in the
/// two embeddings, so any two inputs will do, and coefficients across different inputs of the sum are zero. Players are
/// those of `first`, then those of each input of `second` in turn.
/// - Parameters:
///   - first: its plan's nodes, or joint draws, must be those of `second`.
///   - second: at least one.
///   - expansion: what `first` says by itself, where it is at hand.
/// - Throws: ``InteractionError``; `CancellationError` where `isCancelled` said so.
package func estimate(
    first: GameSide, second: [WeightedSide], scale: Double, bias: Double = 0, emptyValue: Double? = nil,
    fullValue: Double? = nil, settings: EstimatorSettings, expansion: SideExpansion? = nil,
    isCancelled: @escaping @Sendable () -> Bool = { false }
) throws -> InteractionValues {
    try settings.validate()
    guard !second.isEmpty else {
        throw InteractionError.invalidParameter(name: "samples", message: "a game needs two sides")
    }
    for input in second {
        guard first.samples.dimension == input.side.samples.dimension else {
            throw InteractionError.invalidParameter(
                name: "samples",
                message:
                    "\(first.plan.modality) embeddings have length \(first.samples.dimension), \(input.side.plan.modality) embeddings \(input.side.samples.dimension)"
            )
        }
        guard first.plan.nodes == input.side.plan.nodes, first.plan.joint == input.side.plan.joint else {
            throw InteractionError.invalidParameter(
                name: "plan",
                message:
                    "the \(first.plan.modality) and the \(input.side.plan.modality) plan have different nodes or joint draws"
            )
        }
    }
    let ends = try first.endEmbeddings()
    var products = (empty: 0.0, full: 0.0)
    for input in second {
        let others = try input.side.endEmbeddings()
        products.empty += input.weight * dot(ends.empty, others.empty)
        products.full += input.weight * dot(ends.full, others.full)
    }
    let game = BilinearGame(
        first: first, second: second, scale: scale, bias: bias,
        emptyValue: emptyValue ?? scale * products.empty + bias,
        fullValue: fullValue ?? scale * products.full + bias, cancellation: Cancellation(isCancelled))
    if let draws = first.plan.joint {
        let wanted: CoalitionDistribution = settings.index == .banzhaf ? .bernoulli(settings.p) : .shapley
        guard draws.distribution == wanted else {
            throw InteractionError.invalidParameter(
                name: "plan", message: "the index needs coalitions drawn from \(wanted), not \(draws.distribution)")
        }
        return try regressionEstimate(game, settings: settings)
    }
    if settings.index == .banzhaf && settings.estimator == .ridge {
        guard first.plan.nodes.count == 1, first.plan.nodes[0].probability == settings.p else {
            throw InteractionError.invalidParameter(
                name: "plan", message: "a Banzhaf estimate needs plans with the one node p = \(settings.p)")
        }
        return try banzhafRidge(game, settings: settings, expansion: expansion)
    }
    return try regressionEstimate(game, settings: settings)
}
