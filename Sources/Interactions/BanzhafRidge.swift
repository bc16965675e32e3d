import LinearAlgebra

/// Weighted Banzhaf interactions from the two sides' expansions: c_{S∪T} = α⟨B_S, W_T⟩ (+ β if S = T = ∅).
func banzhafRidge(_ game: BilinearGame, settings: EstimatorSettings) throws(InteractionError) -> InteractionValues {
    let image = try game.image.sample(basis: settings.p)
    let text = try game.text.sample(basis: settings.p)
    try image.requireMasks(.image)
    try text.requireMasks(.text)
    let order = settings.order

    // The text's expansion in all coordinates, tuned on what some image masks see of it.
    let probes = Matrix(
        rows: min(32, image.embeddings.rows), columns: image.embeddings.columns,
        elements: Array(image.embeddings.elements[..<(min(32, image.embeddings.rows) * image.embeddings.columns)]))
    let textShrinkage = text.isExact
        ? Shrinkage.none(players: text.players)
        : ShrinkageSearch(text, order: order, responses: text.embeddings.times(probes, transposeOther: true)).best()
    let textFit = try RidgeFit(text, order: order, shrinkage: textShrinkage)
    let textSolution = RidgeSolution(textFit, text.embeddings)

    // The image's expansion in the directions W_∅, W_1, …, W_nT only.
    let directions = Matrix(
        rows: 1 + text.players, columns: text.embeddings.columns,
        elements: textSolution.intercept + textSolution.linear.elements)
    let responses = image.embeddings.times(directions, transposeOther: true)
    let imageOrder = image.isExact
        ? order : RidgeFit.affordableOrder(order, players: image.players, masks: image.coalitions.count)
    let imageShrinkage = image.isExact
        ? Shrinkage.none(players: image.players) : ShrinkageSearch(image, order: imageOrder, responses: responses).best()
    let imageFit = try RidgeFit(image, order: imageOrder, shrinkage: imageShrinkage)
    let imageSolution = RidgeSolution(imageFit, responses)

    var values = game.blankValues(settings)
    if imageOrder < order { values.scope = .crossModal }
    let coefficients = combine(
        game, order: order, image: imageSolution, imageMean: RidgeSolution(imageFit, image.embeddings).intercept,
        text: textSolution, textFit: textFit, textSample: text)
    let presence = coefficients.presenceBasis()
    values.baseline = presence.baseline
    values.first = presence.first
    values.pairs = presence.pairs
    let readout = TextReadout(text, solution: textSolution, order: order)
    values.looR2 = crossedLeaveOneOut(game, image: image, imageFit: imageFit, text: text, readout: readout)
    if settings.standardErrors {
        var variances = ErrorVariances(
            imagePlayers: image.players, textPlayers: text.players, order: order, probability: image.probability)
        variances.add(.image, fit: imageFit, sample: image, other: textSolution, scale: game.scale)
        if !text.isExact {
            variances.add(
                .text, fit: textFit, sample: text, other: RidgeSolution(imageFit, image.embeddings), scale: game.scale)
        }
        values.standardErrors = variances.standardErrors
    }
    return values
}

private func combine(
    _ game: BilinearGame, order: Int, image: RidgeSolution, imageMean: [Double], text: RidgeSolution, textFit: RidgeFit,
    textSample: SideSample
) -> BiasedCoefficients {
    let imagePlayers = image.fit.features.players
    let textPlayers = textFit.features.players
    let players = imagePlayers + textPlayers
    // h(t)·B_∅ as the one response of the text's own coefficients.
    let mean = Matrix(rows: imageMean.count, columns: 1, elements: imageMean)
    let textOnMean = RidgeSolution(textFit, textSample.embeddings.times(mean))
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

extension SideSample {
    func requireMasks(_ modality: Modality) throws(InteractionError) {
        guard isExact || coalitions.count >= 3 else {
            throw .tooFewMasks("\(coalitions.count) distinct \(modality) masks were drawn; ask for at least 5")
        }
    }
}
