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
        case dual(DualProjection)
        /// The factor of ΦᵀN⁻¹Φ + λT⁻¹.
        case primal(Cholesky<Double>)
    }

    let features: Features
    /// Times each mask was drawn.
    let counts: [Double]
    let weights: [Double]
    /// χ, `[masks, players]`.
    let variables: Matrix<Double>
    let shrinkage: Shrinkage
    let form: Form

    init(_ sample: SideSample, order: Int, shrinkage: Shrinkage) throws(InteractionError) {
        features = Features(players: sample.players, order: order, probability: sample.probability)
        weights = sample.weights
        counts = sample.counts
        variables = features.variables(sample.coalitions)
        self.shrinkage = shrinkage
        if sample.isExact {
            form = .exact
            return
        }
        do throws(LinearAlgebraError) {
            if sample.coalitions.count <= features.count {
                let kernels = OrderKernels(variables, relevance: shrinkage.relevance, order: order)
                let noise = counts.map { shrinkage.penalty / $0 }
                form = .dual(try DualProjection(kernels.combined(pairShare: shrinkage.pairShare), noise: noise))
            } else {
                form = try Self.primalForm(variables, counts: counts, features: features, shrinkage: shrinkage)
            }
        } catch {
            throw .numerical(error.description)
        }
    }

    /// Beyond this many masks and as many features, neither form is affordable and pairs within the side are left out.
    static let maximumMasks = 4096

    /// The order that a sample of `masks` masks allows on a side.
    static func affordableOrder(_ order: Int, players: Int, masks: Int) -> Int {
        let features = 1 + players + PairIndex(players: players).count
        return order == 2 && masks > maximumMasks && features > maximumMasks ? 1 : order
    }

    /// The masks in blocks of rows that fit a cache.
    var blocks: [Range<Int>] { rowBlocks(variables.rows) }

    private static func primalForm(_ variables: Matrix<Double>, counts: [Double], features: Features, shrinkage: Shrinkage)
        throws(LinearAlgebraError) -> Form
    {
        let width = features.count
        var gram = Matrix<Double>(rows: width, columns: width)
        for rows in rowBlocks(variables.rows) {
            gram.addGram(of: features.design(variables, rows: rows) { counts[$0].squareRoot() })
        }
        for (i, variance) in features.priorVariances(shrinkage).enumerated() {
            // A variance of 0 means the feature is not in the model: an overwhelming penalty.
            gram[1 + i, 1 + i] += shrinkage.penalty / max(variance, 1e-12)
        }
        return .primal(try Cholesky(gram))
    }
}

/// `0..<rows` cut into blocks.
func rowBlocks(_ rows: Int, size: Int = 512) -> [Range<Int>] {
    stride(from: 0, to: rows, by: size).map { $0..<min($0 + size, rows) }
}

extension Features {
    /// Prior variances of all features but the constant, relative to S².
    func priorVariances(_ shrinkage: Shrinkage) -> [Double] {
        guard order >= 1 else { return [] }
        var result = shrinkage.linearVariances
        if order >= 2 {
            let v = shrinkage.relevance
            let scale = shrinkage.pairVariance
            for (i, j) in PairIndex(players: players).all { result.append(scale * v[i] * v[j]) }
        }
        return result
    }
}
