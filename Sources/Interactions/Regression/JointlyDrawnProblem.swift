import LinearAlgebra

/// Pairs of masks drawn together: the paper's reference regression on a sample of coalitions of all players.
struct JointlyDrawnProblem: RegressionProblem {
    let index: RegressionUnknowns
    private let settings: EstimatorSettings
    /// The coalitions over all players; the values v(z) − v₀ stand for embeddings of length 1.
    private let sample: SideSample
    let cancellation: Cancellation
    /// The features of single players.
    private var features: Features
    /// `features` of all players and a last column of ones, `[coalitions, players + 1]`.
    private var variables: Matrix<Double>
    /// The columns of `variables` that each unknown is the product of.
    private let factors: [(Int, Int)]
    private let fullValue: Double
    /// Rows that stay together in one fold: a coalition and its complement.
    private let block: Int

    /// - Parameter basis: p of the χ_i = (z_i − p)/σ that the unknowns are written in.
    /// - Throws: ``InteractionError``, where a mask has no embedding or there are too few.
    init(_ game: BilinearGame, _ draws: JointDraws, settings: EstimatorSettings, basis: Double) throws(InteractionError)
    {
        let masks = game.second.reduce(game.first.masks) { $1.side.isFixed ? $0 : min($0, $1.side.masks) }
        let drawn = draws.draws(upTo: masks)
        let values = try game.values(of: drawn.coalitions).map { $0 - game.emptyValue }
        sample = SideSample(
            players: draws.players, probability: basis, drawn: drawn, weights: draws.weights(drawn),
            embeddings: Matrix(rows: values.count, columns: 1, elements: values))
        guard sample.isExact || values.count >= SamplingPlan.leastDraws else {
            throw .tooFewMasks(drawn: values.count, of: masks, "pairs of masks")
        }
        index = RegressionUnknowns(
            imagePlayers: draws.imagePlayers, textPlayers: draws.textPlayers, order: settings.order,
            scope: RegressionUnknowns.scope(
                imagePlayers: draws.imagePlayers, textPlayers: draws.textPlayers, order: settings.order,
                maximum: settings.maxUnknowns), textInputs: game.second.map(\.side.plan.players))
        self.settings = settings
        fullValue = game.fullValue - game.emptyValue
        block = draws.paired ? 2 : 1
        cancellation = game.cancellation
        features = Features(players: draws.players, order: 1, probability: basis)
        variables = Self.variables(drawn.coalitions, features)
        let players = draws.players
        factors = index.terms.map { ($0.first ?? players, $0.count > 1 ? $0[1] : players) }
    }

    private static func variables(_ coalitions: [Coalition], _ features: Features) -> Matrix<Double> {
        let players = features.players
        let single = features.variables(coalitions)
        var result = Matrix<Double>(rows: single.rows, columns: players + 1)
        for row in 0..<single.rows {
            for player in 0..<players {
                result.elements[row * (players + 1) + player] = single.elements[row * players + player]
            }
            result.elements[row * (players + 1) + players] = 1
        }
        return result
    }

    var inPresenceBasis: JointlyDrawnProblem {
        var result = self
        result.features = features.ofPresence
        result.variables = Self.variables(sample.coalitions, result.features)
        return result
    }

    var isUnderdetermined: Bool {
        let constraints = settings.index == .shapley ? 2 : 0
        return sample.weights.count { $0 > 0 } + constraints < factors.count
    }

    var isExact: Bool { sample.isExact }

    var foldCount: Int { isExact ? 0 : affordableFolds(masks: sample.coalitions.count) }

    private func rows(fold: Int, of folds: Int) -> [Int] {
        sample.coalitions.indices.filter { $0 / block % folds == fold }
    }

    /// The unknowns' features of some rows, each row times a factor, `[rows, unknowns]`.
    private func design(_ rows: ArraySlice<Int>, scale: (Int) -> Double) -> Matrix<Double> {
        let width = factors.count
        var result = Matrix<Double>(rows: rows.count, columns: width)
        variables.elements.withUnsafeBufferPointer { x in
            result.elements.withUnsafeMutableBufferPointer { target in
                for (position, row) in rows.enumerated() {
                    let factor = scale(row)
                    let start = row * variables.columns
                    for (k, pair) in factors.enumerated() {
                        target[position * width + k] = factor * x[start + pair.0] * x[start + pair.1]
                    }
                }
            }
        }
        return result
    }

    private func system(_ rows: [Int]) throws -> NormalEquations {
        var system = try NormalEquations(index: index, cancellation)
        for range in rowBlocks(rows.count) {
            try cancellation.check()
            let chosen = rows[range]
            let design = design(chosen) { sample.weights[$0].squareRoot() }
            try system.matrix.addGram(of: design, cancellation)
            let values = chosen.map { sample.weights[$0].squareRoot() * sample.embeddings.elements[$0] }
            let right = design.times(Matrix(rows: values.count, columns: 1, elements: values), transposeSelf: true)
            for k in system.right.indices { system.right[k] += right.elements[k] }
        }
        return system
    }

    func systems(folds: Int) throws -> (whole: NormalEquations, deletions: [NormalEquations]) {
        let deletions = try (0..<folds).map { try system(rows(fold: $0, of: folds)) }
        var whole =
            try folds == 0 ? system(Array(sample.coalitions.indices)) : NormalEquations(index: index, cancellation)
        for part in deletions {
            try cancellation.check()
            whole.add(part)
        }
        if settings.index == .shapley {
            for (level, value) in [(features.levels.absent, 0), (features.levels.present, fullValue)] {
                whole.constraints.append((index.terms.map { power(level, $0.count) }, value))
            }
        }
        return (whole, deletions)
    }

    /// λ/(m τ²), tuned on the values themselves.
    func penalties() throws -> [Double]? {
        guard settings.estimator == .ridge, !isExact else { return nil }
        let shrinkage = try ShrinkageSearch(sample, order: settings.order, cancellation).best()
        let linear = shrinkage.linearVariances
        return index.terms.map { term in
            switch term.count {
            case 0: return 0
            case 1: return shrinkage.penalty / (sample.draws * max(linear[term[0]], 1e-12))
            default:
                let variance = shrinkage.pairVariance * shrinkage.relevance[term[0]] * shrinkage.relevance[term[1]]
                return shrinkage.penalty / (sample.draws * max(variance, 1e-12))
            }
        }
    }

    func addTestPairs(fold: Int, of folds: Int, solution: [Double], to moments: inout WeightedMoments) throws {
        try add(rows(fold: fold, of: folds), solution: solution, to: &moments)
    }

    func rSquared(_ solution: [Double]) throws -> Double? {
        var moments = WeightedMoments()
        try add(Array(sample.coalitions.indices), solution: solution, to: &moments)
        return moments.rSquared
    }

    private func add(_ rows: [Int], solution: [Double], to moments: inout WeightedMoments) throws {
        let coefficients = Matrix(rows: solution.count, columns: 1, elements: solution)
        for range in rowBlocks(rows.count) {
            try cancellation.check()
            let chosen = rows[range]
            let predicted = design(chosen) { _ in 1 }.times(coefficients).elements
            for (row, prediction) in zip(chosen, predicted) where sample.weights[row] > 0 {
                moments.add(truth: sample.embeddings.elements[row], predicted: prediction, weight: sample.weights[row])
            }
        }
    }
}

extension BilinearGame {
    /// v(z) of coalitions of all players.
    fileprivate func values(of coalitions: [Coalition]) throws(InteractionError) -> [Double] {
        let firstPlayers = first.plan.players
        let sides = zip(second, offsets).map { (input: $0, players: $1..<$1 + $0.side.plan.players) }
        var result: [Double] = []
        result.reserveCapacity(coalitions.count)
        var missing: [Modality: Int] = [:]
        for coalition in coalitions {
            let f = first.samples.row(of: coalition.slice(0..<firstPlayers))
            if f == nil { missing[first.plan.modality, default: 0] += 1 }
            var sum = 0.0
            for (input, players) in sides {
                guard let h = input.side.samples.row(of: coalition.slice(players)) else {
                    missing[input.side.plan.modality, default: 0] += 1
                    continue
                }
                guard let f else { continue }
                var product = 0.0
                for (a, b) in zip(first.samples.embedding(row: f), input.side.samples.embedding(row: h)) {
                    product += Double(a) * Double(b)
                }
                sum += input.weight * product
            }
            result.append(scale * sum + bias)
        }
        for modality in [Modality.image, .text] {
            if let count = missing[modality] { throw .missingEmbedding(modality: modality, count: count) }
        }
        return result
    }
}
