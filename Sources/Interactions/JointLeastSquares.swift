import LinearAlgebra

/// Weighted least squares over pairs of image and text masks: both Shapley estimators, Banzhaf's `leastSquares`, and
/// all of jointly drawn masks.
func jointLeastSquares(_ game: BilinearGame, settings: EstimatorSettings) throws(InteractionError) -> InteractionValues
{
    // Any basis spans the same functions; this one keeps M close to the identity.
    let basis = settings.index == .banzhaf ? settings.p : 0.5
    if let draws = game.image.plan.joint {
        return try solve(
            JointlyDrawnProblem(game, draws, settings: settings, basis: basis), game, settings: settings, basis: basis)
    }
    let problem = try CrossedProblem(
        game, settings: settings, image: game.image.sample(basis: basis), text: game.text.sample(basis: basis))
    return try solve(problem, game, settings: settings, basis: basis)
}

private func solve(
    _ problem: some RegressionProblem, _ game: BilinearGame, settings: EstimatorSettings, basis: Double
) throws(InteractionError) -> InteractionValues {
    let folds = problem.foldCount
    let (system, deletions) = problem.systems(folds: folds)
    let penalties = problem.penalties()
    let (solution, rankDeficient) = try system.solved(penalties: penalties, basis: basis)

    var values = game.blankValues(settings)
    func fill(_ values: inout InteractionValues, _ solution: [Double]) {
        let presence = problem.index.coefficients(solution, probability: basis).presenceBasis()
        values.baseline = presence.baseline
        values.first = presence.first
        if settings.order == 2 { values.pairs = presence.pairs }
    }
    fill(&values, solution)
    values.scope = problem.index.scope
    values.rankDeficient = rankDeficient
    if problem.isExact {
        values.looR2 = problem.rSquared(solution)
        if settings.standardErrors { values.standardErrors = .zero(values) }
        return values
    }
    guard folds > 0, !rankDeficient else { return values }
    var jackknife = BlockJackknife()
    var moments = WeightedMoments()
    var whole = 0.0
    for fold in deletions.indices {
        let (left, deficient) = try system.subtracting(deletions[fold]).solved(penalties: penalties, basis: basis)
        if deficient { return values }
        problem.addTestPairs(fold: fold, of: folds, solution: left, to: &moments)
        whole += problem.rSquared(left) ?? 0
        var partial = values
        fill(&partial, left)
        jackknife.add(partial, solution: left)
    }
    // A fold's solution knows fewer masks than the one given; by how much that lowers R² shows on all pairs (Burman, "A
    // comparative study of ordinary cross-validation, v-fold cross-validation and the repeated learning-testing
    // methods", 1989, section 2).
    if let left = moments.rSquared, let full = problem.rSquared(solution) {
        values.looR2 = left + full - whole / Double(folds)
    }
    if settings.standardErrors {
        var bias: (first: [Double], pairs: [Double], reading: [Double])?
        if let penalties {
            bias = try JointBias(
                system, penalties: penalties, solution: solution, variances: jackknife.solutionVariances
            )
            .squares(probability: basis, order: settings.order)
        }
        values.standardErrors = jackknife.standardErrors(bias: bias)
    }
    return values
}

extension StandardErrors {
    /// Those of an exact result.
    static func zero(_ values: InteractionValues) -> StandardErrors {
        let players = [Double](repeating: 0, count: values.players)
        return StandardErrors(
            first: players, pairs: [Double](repeating: 0, count: values.pairs.count), firstOrderReading: players)
    }
}
