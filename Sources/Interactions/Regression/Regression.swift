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
    /// What ends work that takes long.
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

/// Weighted least squares over pairs of masks: both Shapley estimators, Banzhaf's `leastSquares`, and all of jointly
/// drawn masks.
///
/// The game of a sum is the sum of its inputs' games, and so are its interactions: all indices are linear in the game
/// and give players without influence nothing. So each input has a regression of its own, over the same masks of the
/// first side, and standard errors come from the sums that each block of masks is left out of.
/// - Throws: ``InteractionError``, `CancellationError`.
func regressionEstimate(_ game: BilinearGame, settings: EstimatorSettings) throws -> InteractionValues {
    // Any basis spans the same functions; this one keeps M close to the identity.
    let basis = settings.index == .banzhaf ? settings.p : 0.5
    if let draws = game.first.plan.joint {
        let problem = try JointlyDrawnProblem(game, draws, settings: settings, basis: basis)
        return try RegressionFit(
            problem, blank: game.blankValues(settings), settings: settings, basis: basis, folds: problem.foldCount
        ).result(settings)
    }
    let sample = try game.first.sample(basis: basis)
    let terms = try game.second.indices.map { k in
        let term = try game.term(k)
        let problem = try CrossedProblem(
            term, settings: settings, image: sample, text: term.second[0].side.sample(basis: basis))
        return (problem: problem, blank: term.blankValues(settings))
    }
    let folds = terms.filter { !$0.problem.isExact }.map(\.problem.foldCount).min() ?? 0
    var fits: [RegressionFit] = []
    for term in terms {
        fits.append(
            try RegressionFit(term.problem, blank: term.blank, settings: settings, basis: basis, folds: folds))
    }
    if game.second.count == 1, game.second[0].weight == 1 { return fits[0].result(settings) }
    let offsets = game.offsets
    return RegressionFit.sum(
        fits, blank: game.blankValues(settings),
        places: fits.indices.map { k in
            Array(0..<sample.players) + (0..<fits[k].values.textPlayers).map { offsets[k] + $0 }
        }
    ).result(settings)
}

/// A regression's values, and what its blocks of masks say of their errors.
struct RegressionFit {
    private(set) var values: InteractionValues
    private let isExact: Bool
    /// Values without each block; empty where there is none.
    private var jackknife = BlockJackknife()
    /// Squared biases of the penalties.
    private var bias: (first: [Double], pairs: [Double], reading: [Double])?

    init(
        _ problem: some RegressionProblem, blank: InteractionValues, settings: EstimatorSettings, basis: Double,
        folds: Int
    ) throws {
        let cancellation = problem.cancellation
        let penalties = try problem.penalties()
        values = blank
        values.scope = problem.index.scope
        isExact = problem.isExact
        if penalties == nil, problem.isUnderdetermined {
            try takeLeastNorm(problem, basis: basis)
            return
        }
        let folds = isExact ? 0 : folds
        let (system, deletions) = try problem.systems(folds: folds)
        guard let solution = try system.solved(penalties: penalties, cancellation) else {
            if penalties == nil {
                try takeLeastNorm(problem, basis: basis)
            } else {
                values.fill(
                    problem.index, try system.leastNormSolution(penalties: penalties, cancellation), basis: basis)
                values.rankDeficient = true
            }
            return
        }
        values.fill(problem.index, solution, basis: basis)
        if isExact { values.looR2 = try problem.rSquared(solution) }
        guard folds > 0 else { return }
        var jackknife = BlockJackknife()
        var moments = WeightedMoments()
        var whole = 0.0
        for fold in deletions.indices {
            try cancellation.check()
            guard
                let left = try system.subtracting(deletions[fold]).solved(penalties: penalties, cancellation)
            else { return }
            try problem.addTestPairs(fold: fold, of: folds, solution: left, to: &moments)
            whole += try problem.rSquared(left) ?? 0
            var partial = values
            partial.fill(problem.index, left, basis: basis)
            jackknife.add(partial, solution: left)
        }
        self.jackknife = jackknife
        // A fold's solution knows fewer masks than the one given; by how much that lowers R² shows on all pairs
        // (Burman, "A comparative study of ordinary cross-validation, v-fold cross-validation and the repeated
        // learning-testing methods", 1989, section 2).
        if let left = moments.rSquared, let full = try problem.rSquared(solution) {
            values.looR2 = left + full - whole / Double(folds)
        }
        if settings.standardErrors, let penalties {
            bias = try RegressionBias(
                system, penalties: penalties, solution: solution, variances: jackknife.solutionVariances, cancellation
            )
            .squares(probability: basis, order: settings.order, cancellation)
        }
    }

    /// The solution of least norm in the 0/1 basis, for masks that do not determine one.
    private mutating func takeLeastNorm(_ problem: some RegressionProblem, basis: Double) throws {
        let presence = try problem.inPresenceBasis.systems(folds: 0).whole.leastNormSolution(
            penalties: nil, problem.cancellation)
        let solution = problem.index.biased(presence: presence, probability: basis)
        values.fill(problem.index, solution, basis: basis)
        values.rankDeficient = true
        if isExact { values.looR2 = try problem.rSquared(solution) }
    }

    private init(values: InteractionValues, isExact: Bool) {
        self.values = values
        self.isExact = isExact
    }

    /// The values with their standard errors, where those are wanted and known.
    func result(_ settings: EstimatorSettings) -> InteractionValues {
        var result = values
        guard settings.standardErrors else { return result }
        if isExact {
            result.standardErrors = .zero(values)
        } else if !jackknife.isEmpty {
            result.standardErrors = jackknife.standardErrors(bias: bias)
        }
        return result
    }

    /// The sum of regressions that share the players of the first side.
    ///
    /// - Parameters:
    ///   - blank: values of all players.
    ///   - places: where each regression's players stand among all.
    static func sum(_ fits: [RegressionFit], blank: InteractionValues, places: [[Int]]) -> RegressionFit {
        func total(_ parts: [InteractionValues]) -> InteractionValues {
            var result = blank
            result.baseline = parts.reduce(0) { $0 + $1.baseline }
            result.first = placed(parts.map(\.first), places, into: blank.first)
            if blank.order == 2 { result.pairs = placedPairs(parts.map(\.pairs), places, players: blank.players) }
            if parts.contains(where: { $0.scope == .crossModal }) { result.scope = .crossModal }
            result.rankDeficient = parts.contains(where: \.rankDeficient)
            if parts.count == 1 { result.looR2 = parts[0].looR2 }
            return result
        }
        var result = RegressionFit(values: total(fits.map(\.values)), isExact: fits.allSatisfy(\.isExact))
        let sampled = fits.filter { !$0.isExact }
        guard let folds = sampled.map(\.jackknife.count).min(), folds > 0,
            sampled.allSatisfy({ $0.jackknife.count == folds })
        else { return result }
        for fold in 0..<folds {
            result.jackknife.add(total(fits.map { $0.isExact ? $0.values : $0.jackknife.partials[fold] }), solution: [])
        }
        let biases = zip(fits, places).filter { $0.0.bias != nil }
        guard !biases.isEmpty else { return result }
        let owners = biases.map(\.1)
        result.bias = (
            placed(biases.map { $0.0.bias?.first ?? [] }, owners, into: blank.first),
            blank.order == 2
                ? placedPairs(biases.map { $0.0.bias?.pairs ?? [] }, owners, players: blank.players) : [],
            placed(biases.map { $0.0.bias?.reading ?? [] }, owners, into: blank.first)
        )
        return result
    }

    private static func placed(_ parts: [[Double]], _ places: [[Int]], into zeros: [Double]) -> [Double] {
        var result = zeros
        for (part, places) in zip(parts, places) {
            for (value, place) in zip(part, places) { result[place] += value }
        }
        return result
    }

    private static func placedPairs(_ parts: [[Double]], _ places: [[Int]], players: Int) -> [Double] {
        let index = PairIndex(players: players)
        var result = [Double](repeating: 0, count: index.count)
        for (part, places) in zip(parts, places) {
            for (value, pair) in zip(part, PairIndex(players: places.count).all) {
                result[index.position(places[pair.0], places[pair.1])] += value
            }
        }
        return result
    }
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
    /// The errors of an exact result, which has none.
    static func zero(_ values: InteractionValues) -> StandardErrors {
        let players = [Double](repeating: 0, count: values.players)
        return StandardErrors(
            first: players, pairs: [Double](repeating: 0, count: values.pairs.count), firstOrderReading: players)
    }
}
