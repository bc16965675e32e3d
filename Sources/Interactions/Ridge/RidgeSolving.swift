import LinearAlgebra

extension RidgeSolution {
    /// Fits the expansion of all coordinates of the embeddings, drawn to what is expected.
    ///
    /// The difference from the expected coefficients is fitted, and they are added again. Leaving a mask out acts on
    /// that difference, so that left-out predictions have the same closed form.
    init(
        _ sample: SideSample, order: Int, tuning: SideTuning, sensitivity: Bool, limits: RidgeLimits,
        _ cancellation: Cancellation
    ) throws {
        guard let expected = tuning.expected else {
            try self.init(
                sample, order: order, shrinkage: tuning.shrinkage, sensitivity: sensitivity, limits: limits,
                cancellation)
            return
        }
        let variables = Features(players: sample.players, order: order, probability: sample.probability).variables(
            sample.coalitions)
        let predicted = variables.times(expected.values)
        var embeddings = sample.embeddings
        for k in embeddings.elements.indices { embeddings.elements[k] -= predicted.elements[k] }
        let difference = try RidgeSolution(
            SideSample(
                players: sample.players, probability: sample.probability, drawn: sample.drawn, weights: sample.weights,
                embeddings: embeddings),
            order: order, shrinkage: tuning.shrinkage, sensitivity: sensitivity, limits: limits, cancellation)
        var (linear, state) = (difference.linear, difference.state)
        linear.add(expected.values)
        if difference.fit.form == .primal {
            let width = linear.columns
            for k in linear.elements.indices { state.elements[width + k] += expected.values.elements[k] }
        }
        self.init(
            fit: difference.fit, intercept: difference.intercept, linear: linear, expected: expected, state: state,
            isConverged: difference.isConverged)
    }

    /// Fits the expansion of all coordinates of the embeddings.
    ///
    /// - Parameter sensitivity: whether standard errors will be wanted.
    /// - Throws: ``InteractionError/numerical(_:)``, `CancellationError`.
    init(
        _ sample: SideSample, order: Int, shrinkage: Shrinkage, sensitivity: Bool, limits: RidgeLimits = RidgeLimits(),
        _ cancellation: Cancellation = .never
    ) throws {
        let features = Features(players: sample.players, order: order, probability: sample.probability)
        let variables = features.variables(sample.coalitions)
        do {
            if sample.isExact {
                self.init(exact: sample, features: features, variables: variables, shrinkage: shrinkage)
            } else if limits.prefersDual(masks: sample.coalitions.count, features: features.count) {
                try self.init(
                    dual: sample, features: features, variables: variables, shrinkage: shrinkage,
                    sensitivity: sensitivity,
                    iterativeSteps: sample.coalitions.count > limits.direct ? limits.steps : nil, cancellation)
            } else {
                try self.init(
                    primal: sample, features: features, variables: variables, shrinkage: shrinkage,
                    sensitivity: sensitivity, cancellation)
            }
        } catch let error as LinearAlgebraError {
            throw InteractionError.numerical(error.description)
        }
    }

    private init(exact sample: SideSample, features: Features, variables: Matrix<Double>, shrinkage: Shrinkage) {
        let fit = RidgeFit(
            features: features, counts: sample.counts, weights: sample.weights, variables: variables,
            shrinkage: shrinkage, form: .exact,
            leverage: MaskLeverage(exact: variables.rows), sensitivity: nil)
        var weighted = sample.embeddings
        let width = weighted.columns
        var sums = [Double](repeating: 0, count: width)
        for m in 0..<weighted.rows {
            for r in 0..<width {
                let value = weighted.elements[m * width + r] * sample.weights[m]
                weighted.elements[m * width + r] = value
                sums[r] += value
            }
        }
        self.init(fit: fit, intercept: sums, linear: variables.times(weighted, transposeSelf: true), state: weighted)
    }

    /// - Parameter iterativeSteps: how many steps an iterative solve may take; nil for a direct one.
    private init(
        dual sample: SideSample, features: Features, variables: Matrix<Double>, shrinkage: Shrinkage, sensitivity: Bool,
        iterativeSteps: Int?, _ cancellation: Cancellation
    ) throws {
        let noise = sample.counts.map { shrinkage.penalty / $0 }
        let projection: DualProjection
        if let iterativeSteps {
            projection = try DualProjection(
                LargeKernel(
                    variables, shrinkage: shrinkage, noise: noise, maximumSteps: iterativeSteps, cancellation),
                masks: variables.rows)
        } else {
            let kernels = try OrderKernels(
                variables, relevance: shrinkage.relevance, order: features.order, cancellation)
            projection = try DualProjection(
                kernels.combined(pairShare: shrinkage.pairShare), noise: noise, cancellation)
        }
        let projected = try projection.nearly(variables)
        let fit = RidgeFit(
            features: features, counts: sample.counts, weights: sample.weights, variables: variables,
            shrinkage: shrinkage, form: .dual,
            leverage: MaskLeverage(
                projection, projected: projected, variables: variables, shrinkage: shrinkage, counts: sample.counts),
            sensitivity: sensitivity
                ? try MaskSensitivity(
                    projection, projected: projected, variables: variables, features: features, shrinkage: shrinkage)
                : nil)
        let solved = try projection.solution(of: sample.embeddings)
        let dual = solved.columns
        var linear = try variables.times(dual, transposeSelf: true, cancellation)
        for (i, variance) in shrinkage.linearVariances.enumerated() {
            for r in 0..<linear.columns { linear[i, r] *= variance }
        }
        let intercept = Matrix(rows: 1, columns: variables.rows, elements: projection.interceptWeights).times(
            sample.embeddings
        ).elements
        self.init(fit: fit, intercept: intercept, linear: linear, state: dual, isConverged: solved.isConverged)
    }

    private init(
        primal sample: SideSample, features: Features, variables: Matrix<Double>, shrinkage: Shrinkage,
        sensitivity: Bool, _ cancellation: Cancellation
    ) throws {
        let width = features.count
        let dimension = sample.embeddings.columns
        var gram = Matrix<Double>(rows: width, columns: width)
        var right = Matrix<Double>(rows: width, columns: dimension)
        for rows in rowBlocks(variables.rows) {
            try cancellation.check()
            let design = features.design(variables, rows: rows) { sample.counts[$0].squareRoot() }
            try gram.addGram(of: design, cancellation)
            var part = Matrix(
                rows: rows.count, columns: dimension,
                elements: Array(sample.embeddings.elements[rows.lowerBound * dimension..<rows.upperBound * dimension]))
            for (index, m) in rows.enumerated() where sample.counts[m] != 1 {
                let root = sample.counts[m].squareRoot()
                for r in 0..<dimension { part.elements[index * dimension + r] *= root }
            }
            right.add(try design.times(part, transposeSelf: true, cancellation))
        }
        for (i, variance) in features.priorVariances(shrinkage).enumerated() {
            // A variance of 0 means the feature is not in the model: an overwhelming penalty.
            gram[1 + i, 1 + i] += shrinkage.penalty / max(variance, 1e-12)
        }
        let factor = try Cholesky(gram, cancellation: cancellation)
        let influences = try MaskLeverage.primal(
            factor, variables: variables, features: features, shrinkage: shrinkage, counts: sample.counts,
            sensitivity: sensitivity)
        let fit = RidgeFit(
            features: features, counts: sample.counts, weights: sample.weights, variables: variables,
            shrinkage: shrinkage, form: .primal,
            leverage: influences.leverage, sensitivity: influences.sensitivity)
        let coefficients = try factor.solve(right)
        self.init(
            fit: fit, intercept: Array(coefficients.row(0)),
            linear: Matrix(
                rows: features.players, columns: dimension,
                elements: Array(coefficients.elements[dimension..<(1 + features.players) * dimension])),
            state: coefficients)
    }
}
