import LinearAlgebra

/// Weighted least squares over the cross product of image and text masks: both Shapley estimators and Banzhaf's `leastSquares`.
func jointLeastSquares(_ game: BilinearGame, settings: EstimatorSettings) throws(InteractionError) -> InteractionValues {
    let imagePlayers = game.image.plan.players
    let textPlayers = game.text.plan.players
    let scope = JointIndex.scope(
        imagePlayers: imagePlayers, textPlayers: textPlayers, order: settings.order, maximum: settings.maxUnknowns)
    let index = JointIndex(imagePlayers: imagePlayers, textPlayers: textPlayers, order: settings.order, scope: scope)
    // Any basis spans the same functions; this one keeps M close to the identity.
    let basis = settings.index == .banzhaf ? settings.p : 0.5
    let imageFeatures = Features(players: imagePlayers, order: index.sideOrder, probability: basis)
    let textFeatures = Features(players: textPlayers, order: index.sideOrder, probability: basis)

    var system = JointSystem(index: index)
    let offset = game.bias - game.emptyValue
    var endWeights = (empty: 0.0, full: 0.0)
    for (position, node) in game.image.plan.nodes.enumerated() {
        let image = try game.image.sample(node: position)
        let text = try game.text.sample(node: position)
        system.add(
            image: SideMoments(image, features: imageFeatures, selected: Array(image.coalitions.indices)),
            text: SideMoments(text, features: textFeatures, selected: Array(text.coalitions.indices)),
            weight: node.weight, scale: game.scale, offset: offset)
        endWeights.empty += node.weight * image.weight(\.isEmpty) * text.weight(\.isEmpty)
        endWeights.full += node.weight * image.weight(\.isFull) * text.weight(\.isFull)
    }
    if settings.index == .shapley {
        let ends = [(false, 0.0, endWeights.empty), (true, game.fullValue - game.emptyValue, endWeights.full)]
        for (present, value, weight) in ends {
            let row = index.unknowns.map { unknown in
                imageFeatures.uniformValue(unknown.image, present: present) * textFeatures.uniformValue(unknown.text, present: present)
            }
            system.constrain(features: row, value: value, removing: weight)
        }
    }
    let (solution, rankDeficient) = try system.solved(penalties: nil)
    var values = game.blankValues(settings)
    let presence = index.coefficients(solution, probability: basis).presenceBasis()
    values.baseline = presence.baseline
    values.first = presence.first
    if settings.order == 2 { values.pairs = presence.pairs }
    values.scope = scope
    values.rankDeficient = rankDeficient
    return values
}

extension SideSample {
    /// The weight of the coalitions that satisfy a condition.
    func weight(_ condition: (Coalition) -> Bool) -> Double {
        var sum = 0.0
        for (coalition, weight) in zip(coalitions, weights) where condition(coalition) { sum += weight }
        return sum
    }
}

extension Features {
    /// A feature's value on the empty or the full coalition.
    func uniformValue(_ feature: Int, present: Bool) -> Double {
        let level = present ? levels.present : levels.absent
        return feature == 0 ? 1 : feature <= players ? level : level * level
    }
}
