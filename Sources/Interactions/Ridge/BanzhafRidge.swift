import LinearAlgebra

/// Weighted Banzhaf interactions from the two sides' expansions: c_{S∪T} = α⟨B_S, W_T⟩ (+ β if S = T = ∅).
///
/// - Throws: ``InteractionError``, `CancellationError`.
func banzhafRidge(
    _ game: BilinearGame, settings: EstimatorSettings, expansion known: SideExpansion?
) throws -> InteractionValues {
    let cancellation = game.cancellation
    let order = settings.order
    let imageExpansion: SideExpansion
    if let known, known.serves(game.image, settings: settings) {
        imageExpansion = known
    } else {
        imageExpansion = try SideExpansion(
            game.image, p: settings.p, order: order, standardErrors: settings.standardErrors,
            limits: settings.ridgeLimits, earlier: nil, cancellation)
    }
    let textExpansion = try SideExpansion(
        game.text, p: settings.p, order: order, standardErrors: settings.standardErrors, limits: settings.ridgeLimits,
        earlier: nil, cancellation)
    try cancellation.check()
    let (image, text) = (imageExpansion.sample, textExpansion.sample)
    let (imageVectors, textVectors) = (imageExpansion.solution, textExpansion.solution)

    // The image's expansion in the directions W_∅, W_1, …, W_nT.
    let directions = Matrix(
        rows: 1 + text.players, columns: text.embeddings.columns,
        elements: textVectors.intercept + textVectors.linear.elements)
    var values = game.blankValues(settings)
    if imageVectors.fit.features.order < order { values.scope = .crossModal }
    values.isConverged = imageVectors.isConverged && textVectors.isConverged
    let coefficients = combine(
        game, order: order, image: imageVectors.along(directions), imageMean: imageVectors.intercept, text: textVectors)
    let presence = coefficients.presenceBasis()
    values.baseline = presence.baseline
    values.first = presence.first
    values.pairs = presence.pairs
    let readout = TextReadout(text, solution: textVectors, order: order)
    try cancellation.check()
    values.looR2 = crossedLeaveOneOut(image: image, solution: imageVectors, text: text, readout: readout)
    if settings.standardErrors {
        var variances = ErrorVariances(
            imagePlayers: image.players, textPlayers: text.players, order: order, probability: image.probability)
        try variances.add(.image, own: imageVectors, sample: image, other: textVectors, scale: game.scale, cancellation)
        try variances.add(.text, own: textVectors, sample: text, other: imageVectors, scale: game.scale, cancellation)
        values.standardErrors = variances.standardErrors
    }
    return values
}

private func combine(
    _ game: BilinearGame, order: Int, image: RidgeSolution, imageMean: [Double], text: RidgeSolution
) -> BiasedCoefficients {
    let imagePlayers = image.fit.features.players
    let textPlayers = text.fit.features.players
    let players = imagePlayers + textPlayers
    // h(t)·B_∅ as the one response of the text's own coefficients.
    let textOnMean = text.along(Matrix(rows: 1, columns: imageMean.count, elements: imageMean))
    let scale = game.scale
    var result = BiasedCoefficients(
        players: players, probability: image.fit.features.probability,
        constant: scale * image.intercept[0] + game.bias - game.emptyValue,
        linear: [Double](repeating: 0, count: players), pairs: [])
    for i in 0..<imagePlayers { result.linear[i] = scale * image.linear[i, 0] }
    for t in 0..<textPlayers { result.linear[imagePlayers + t] = scale * textOnMean.linear[t, 0] }
    guard order == 2 else { return result }
    let index = PairIndex(players: players)
    result.pairs = [Double](repeating: 0, count: index.count)
    for (pair, value) in zip(PairIndex(players: imagePlayers).all, image.pairs(response: 0)) {
        result.pairs[index.position(pair.0, pair.1)] = scale * value
    }
    for (pair, value) in zip(PairIndex(players: textPlayers).all, textOnMean.pairs(response: 0)) {
        result.pairs[index.position(imagePlayers + pair.0, imagePlayers + pair.1)] = scale * value
    }
    for i in 0..<imagePlayers {
        for t in 0..<textPlayers {
            result.pairs[index.position(i, imagePlayers + t)] = scale * image.linear[i, 1 + t]
        }
    }
    return result
}
