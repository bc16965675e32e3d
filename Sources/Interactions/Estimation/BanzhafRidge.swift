import LinearAlgebra

/// Weighted Banzhaf interactions from the two sides' expansions: c_{S∪T} = α⟨B_S, W_T⟩ (+ β if S = T = ∅).
///
/// - Throws: ``InteractionError``, `CancellationError`.
func banzhafRidge(
    _ game: BilinearGame, settings: EstimatorSettings, expansion known: SideExpansion?
) throws -> InteractionValues {
    let cancellation = game.cancellation
    let order = settings.order
    func expansion(_ side: GameSide, _ known: SideExpansion?) throws -> SideExpansion {
        if let known, known.serves(side, settings: settings) { return known }
        return try SideExpansion(
            side, p: settings.p, order: order, standardErrors: settings.standardErrors,
            limits: settings.ridgeLimits, earlier: nil, cancellation)
    }
    let ofFirst = try expansion(game.first, known)
    let ofSecond = try game.second.map { try expansion($0.side, $0.expansion) }
    try cancellation.check()
    let first = ofFirst.solution
    let firstSample = ofFirst.sample
    let inputs = zip(game.second, ofSecond).map {
        SumReadout.Input(weight: $0.weight, sample: $1.sample, solution: $1.solution)
    }
    let second = SumExpansion(inputs.map { ($0.weight, $0.solution) })

    // The first side's expansion in the directions W_∅, W_1, …, W_n.
    let directions = Matrix(
        rows: 1 + second.players, columns: second.dimension, elements: second.intercept + second.linear.elements)
    var values = game.blankValues(settings)
    if ([ofFirst] + ofSecond).contains(where: { $0.solution.fit.features.order < order }) { values.scope = .crossModal }
    values.isConverged = first.isConverged && second.isConverged
    let coefficients = combine(
        game, order: order, first: first.along(directions), firstMean: first.intercept, second: second)
    let presence = coefficients.presenceBasis()
    values.baseline = presence.baseline
    values.first = presence.first
    values.pairs = presence.pairs
    let readout = SumReadout(inputs, order: order)
    try cancellation.check()
    values.looR2 = crossedLeaveOneOut(first: firstSample, solution: first, readout: readout)
    guard settings.standardErrors else { return values }
    var variances = ErrorVariances(players: values.players, order: order, probability: firstSample.probability)
    try variances.add(
        ErrorVariances.Source(first, firstSample, offset: 0, scale: game.scale), other: second,
        offset: game.first.plan.players, withPairs: game.second.allSatisfy { $0.side.plan.modality == .text },
        cancellation)
    for (input, offset) in zip(inputs, game.offsets) {
        try variances.add(
            ErrorVariances.Source(
                input.solution, input.sample, offset: offset, scale: game.scale * input.weight),
            other: SumExpansion(first), offset: 0, withPairs: game.first.plan.modality == .text, cancellation)
    }
    values.standardErrors = variances.standardErrors
    return values
}

private func combine(
    _ game: BilinearGame, order: Int, first: RidgeSolution, firstMean: [Double], second: SumExpansion
) -> BiasedCoefficients {
    let firstPlayers = first.fit.features.players
    let players = firstPlayers + second.players
    let scale = game.scale
    var result = BiasedCoefficients(
        players: players, probability: first.fit.features.probability,
        constant: scale * first.intercept[0] + game.bias - game.emptyValue,
        linear: [Double](repeating: 0, count: players), pairs: [])
    let index = PairIndex(players: players)
    if order == 2 { result.pairs = [Double](repeating: 0, count: index.count) }
    for i in 0..<firstPlayers { result.linear[i] = scale * first.linear[i, 0] }
    for part in second.parts {
        // h(t)·B_∅ as the one response of the input's own coefficients.
        let onMean = part.solution.along(Matrix(rows: 1, columns: firstMean.count, elements: firstMean))
        let start = firstPlayers + part.offset
        let factor = scale * part.weight
        let own = onMean.fit.features.players
        for t in 0..<own { result.linear[start + t] = factor * onMean.linear[t, 0] }
        guard order == 2 else { continue }
        for (pair, value) in zip(PairIndex(players: own).all, onMean.pairs(response: 0)) {
            result.pairs[index.position(start + pair.0, start + pair.1)] = factor * value
        }
    }
    guard order == 2 else { return result }
    for (pair, value) in zip(PairIndex(players: firstPlayers).all, first.pairs(response: 0)) {
        result.pairs[index.position(pair.0, pair.1)] = scale * value
    }
    for i in 0..<firstPlayers {
        for t in 0..<second.players {
            result.pairs[index.position(i, firstPlayers + t)] = scale * first.linear[i, 1 + t]
        }
    }
    return result
}
