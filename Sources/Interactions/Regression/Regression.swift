import LinearAlgebra

/// Pairs of image and text masks with their values and weights, as a weighted least-squares problem in the unknowns of
/// a ``RegressionUnknowns``.
protocol RegressionProblem {
    var index: RegressionUnknowns { get }
    /// Whether the pairs are all there are, with their exact weights.
    var isExact: Bool { get }
    /// Blocks of pairs for the cross-validation and the jackknife: as many as memory allows, 0 for none.
    var foldCount: Int { get }
    /// Whether the masks are too few for any solution but one of least norm. What is solved without knowing that ends
    /// the same way, later.
    var isUnderdetermined: Bool { get }
    /// The same problem for coefficients of products of presences Π_{i∈S} z_i rather than of χ_S.
    ///
    /// Where the masks determine the solution both describe one function. Where they do not, least norm depends on the
    /// basis, and the paper's regression means this one.
    var inPresenceBasis: Self { get }
    /// Ends what takes long.
    var cancellation: Cancellation { get }
    /// The whole system, and what each fold's removal takes from it.
    ///
    /// - Throws: `CancellationError`.
    func systems(folds: Int) throws -> (whole: NormalEquations, deletions: [NormalEquations])
    /// The diagonal that `ridge` adds to M; nil for `leastSquares` and where nothing was sampled.
    func penalties() throws -> [Double]?
    /// Adds a fold's pairs, predicted by a solution from the other folds.
    func addTestPairs(fold: Int, of folds: Int, solution: [Double], to moments: inout WeightedMoments) throws
    /// R² over all pairs.
    func rSquared(_ solution: [Double]) throws -> Double?
}

extension RegressionProblem {
    /// - Parameter masks: the distinct masks (or pairs) that are cut into folds.
    func affordableFolds(masks: Int) -> Int {
        let unknowns = index.unknowns.count
        let wanted = unknowns <= 2000 ? 8 : unknowns <= 3500 ? 4 : 0
        return masks >= 4 * wanted ? wanted : 0
    }
}

/// Weighted least squares over pairs of image and text masks: both Shapley estimators, Banzhaf's `leastSquares`, and
/// all of jointly drawn masks.
///
/// - Throws: ``InteractionError``, `CancellationError`.
func regressionEstimate(_ game: BilinearGame, settings: EstimatorSettings) throws -> InteractionValues {
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
) throws -> InteractionValues {
    let cancellation = problem.cancellation
    let penalties = try problem.penalties()
    var values = game.blankValues(settings)
    values.scope = problem.index.scope
    if penalties == nil, problem.isUnderdetermined {
        return try leastNorm(problem, values, settings, basis: basis)
    }
    let folds = problem.foldCount
    let (system, deletions) = try problem.systems(folds: folds)
    guard let solution = try system.solved(penalties: penalties, cancellation) else {
        if penalties == nil { return try leastNorm(problem, values, settings, basis: basis) }
        values.fill(problem.index, try system.leastNormSolution(penalties: penalties, cancellation), basis: basis)
        values.rankDeficient = true
        return values
    }
    values.fill(problem.index, solution, basis: basis)
    if problem.isExact { return try exact(problem, values, solution, standardErrors: settings.standardErrors) }
    guard folds > 0 else { return values }
    var jackknife = BlockJackknife()
    var moments = WeightedMoments()
    var whole = 0.0
    for fold in deletions.indices {
        try cancellation.check()
        guard
            let left = try system.subtracting(deletions[fold]).solved(penalties: penalties, cancellation)
        else { return values }
        try problem.addTestPairs(fold: fold, of: folds, solution: left, to: &moments)
        whole += try problem.rSquared(left) ?? 0
        var partial = values
        partial.fill(problem.index, left, basis: basis)
        jackknife.add(partial, solution: left)
    }
    // A fold's solution knows fewer masks than the one given; by how much that lowers R² shows on all pairs (Burman, "A
    // comparative study of ordinary cross-validation, v-fold cross-validation and the repeated learning-testing
    // methods", 1989, section 2).
    if let left = moments.rSquared, let full = try problem.rSquared(solution) {
        values.looR2 = left + full - whole / Double(folds)
    }
    if settings.standardErrors {
        var bias: (first: [Double], pairs: [Double], reading: [Double])?
        if let penalties {
            bias = try RegressionBias(
                system, penalties: penalties, solution: solution, variances: jackknife.solutionVariances, cancellation
            )
            .squares(probability: basis, order: settings.order, cancellation)
        }
        values.standardErrors = jackknife.standardErrors(bias: bias)
    }
    return values
}

/// The solution of least norm in the 0/1 basis, for masks that do not determine one.
private func leastNorm(
    _ problem: some RegressionProblem, _ blank: InteractionValues, _ settings: EstimatorSettings, basis: Double
) throws -> InteractionValues {
    let presence = try problem.inPresenceBasis.systems(folds: 0).whole.leastNormSolution(
        penalties: nil, problem.cancellation)
    let solution = problem.index.biased(presence: presence, probability: basis)
    var values = blank
    values.fill(problem.index, solution, basis: basis)
    values.rankDeficient = true
    guard problem.isExact else { return values }
    return try exact(problem, values, solution, standardErrors: settings.standardErrors)
}

/// Values from all coalitions, with what is known of their errors.
private func exact(
    _ problem: some RegressionProblem, _ values: InteractionValues, _ solution: [Double], standardErrors: Bool
) throws -> InteractionValues {
    var result = values
    result.looR2 = try problem.rSquared(solution)
    if standardErrors { result.standardErrors = .zero(values) }
    return result
}

extension InteractionValues {
    /// Takes over the unknowns of a regression.
    fileprivate mutating func fill(_ index: RegressionUnknowns, _ solution: [Double], basis: Double) {
        let presence = index.coefficients(solution, probability: basis).presenceBasis()
        baseline = presence.baseline
        first = presence.first
        if order == 2 { pairs = presence.pairs }
    }
}

extension StandardErrors {
    /// Those of an exact result.
    static func zero(_ values: InteractionValues) -> StandardErrors {
        let players = [Double](repeating: 0, count: values.players)
        return StandardErrors(
            first: players, pairs: [Double](repeating: 0, count: values.pairs.count), firstOrderReading: players)
    }
}
