import LinearAlgebra

/// The p-biased expansion of one side, B_S = E[f χ_S] for |S| ≤ order, as a linear function of responses.
///
/// A response is one number per mask (a coordinate of the embedding, or its product with a vector of the other
/// side). With all coalitions at hand the expectations are exact; otherwise they are a ridge regression with an
/// unpenalised intercept, in dual form while there are fewer masks than features and in primal form beyond.
struct RidgeFit {
    enum Form {
        /// Weighted sums over all coalitions.
        case exact
        /// P = C − C11ᵀC/(1ᵀC1) with C = (K + λN)⁻¹, and the intercept's weights C1/(1ᵀC1).
        case dual(projection: Matrix<Double>, interceptWeights: [Double], kernels: OrderKernels)
        /// (ΦᵀN⁻¹Φ + λT⁻¹)⁻¹.
        case primal(inverse: Matrix<Double>)
    }

    let features: Features
    let coalitions: [Coalition]
    /// Times each mask was drawn.
    let counts: [Double]
    let weights: [Double]
    /// χ, `[masks, players]`.
    let variables: Matrix<Double>
    let shrinkage: Shrinkage
    let form: Form

    /// Prior variances of the pair and the linear coefficients for unit total variance.
    var priorVariances: (linear: Double, pair: Double) {
        let n = Double(features.players)
        return ((1 - shrinkage.pairShare) / n, n > 1 ? 2 * shrinkage.pairShare / (n * (n - 1)) : 0)
    }

    /// The masks in blocks of rows that fit a cache.
    var blocks: [Range<Int>] { Self.blocks(variables.rows) }

    static func blocks(_ rows: Int) -> [Range<Int>] {
        stride(from: 0, to: rows, by: 512).map { $0..<min($0 + 512, rows) }
    }

    init(_ sample: SideSample, order: Int, shrinkage: Shrinkage) throws(InteractionError) {
        features = Features(players: sample.players, order: order, probability: sample.probability)
        coalitions = sample.coalitions
        weights = sample.weights
        counts = sample.weights.map { ($0 * Double(sample.draws)).rounded() }
        variables = features.variables(sample.coalitions)
        self.shrinkage = shrinkage
        if sample.isExact {
            form = .exact
            return
        }
        do throws(LinearAlgebraError) {
            if sample.coalitions.count <= features.count {
                form = try Self.dualForm(sample.coalitions, counts: counts, features: features, shrinkage: shrinkage)
            } else {
                let n = Double(features.players)
                let linear = (1 - shrinkage.pairShare) / n
                let pair = n > 1 ? 2 * shrinkage.pairShare / (n * (n - 1)) : 0
                form = try Self.primalForm(
                    variables, counts: counts, features: features, penalty: shrinkage.penalty, linear: linear, pair: pair)
            }
        } catch {
            throw .numerical(error.description)
        }
    }

    static func dualForm(_ coalitions: [Coalition], counts: [Double], features: Features, shrinkage: Shrinkage)
        throws(LinearAlgebraError) -> Form
    {
        let kernels = OrderKernels(coalitions, features: features)
        let (projection, weights) = try project(kernels, counts: counts, shrinkage: shrinkage)
        return .dual(projection: projection, interceptWeights: weights, kernels: kernels)
    }

    /// P and the intercept's weights.
    static func project(_ kernels: OrderKernels, counts: [Double], shrinkage: Shrinkage)
        throws(LinearAlgebraError) -> (Matrix<Double>, [Double])
    {
        let count = counts.count
        var inverse = try Cholesky(kernels.penalised(shrinkage, noise: counts.map { 1 / $0 })).inverse()
        var sums = [Double](repeating: 0, count: count)
        for i in 0..<count { sums[i] = inverse.row(i).reduce(0, +) }
        let total = sums.reduce(0, +)
        let intercept = sums.map { $0 / total }
        for i in 0..<count {
            for j in 0..<count { inverse.elements[i * count + j] -= sums[i] * intercept[j] }
        }
        return (inverse, intercept)
    }

    static func primalForm(
        _ variables: Matrix<Double>, counts: [Double], features: Features, penalty: Double, linear: Double, pair: Double
    ) throws(LinearAlgebraError) -> Form {
        let width = features.count
        var gram = Matrix<Double>(rows: width, columns: width)
        for rows in blocks(variables.rows) {
            gram.addGram(of: features.design(variables, rows: rows) { counts[$0].squareRoot() })
        }
        // A variance of 0 means the feature is not in the model: an overwhelming penalty.
        for i in 1..<width {
            let variance = i <= features.players ? linear : pair
            gram[i, i] += penalty / max(variance, 1e-12)
        }
        return .primal(inverse: try Cholesky(gram).inverse())
    }
}
