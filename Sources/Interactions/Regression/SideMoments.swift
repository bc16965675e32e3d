import LinearAlgebra

/// Weighted sums over masks of one side: G = Σ w φφᵀ and A = Σ w φ fᵀ.
struct SideMoments {
    /// `[features, features]`.
    var gram: Matrix<Double>
    /// `[features, dimension]`.
    var embeddings: Matrix<Double>

    /// Σ w φ, the first row of G.
    var sums: ArraySlice<Double> { gram.row(0) }

    /// - Parameters:
    ///   - rows: the masks of the sample to take; those of weight 0 are passed over.
    ///   - weights: the weights of all masks of the sample.
    /// - Throws: `CancellationError`.
    init(
        _ sample: SideSample, features: Features, rows: [Int], weights: [Double], _ cancellation: Cancellation
    ) throws {
        let rows = rows.filter { weights[$0] > 0 }
        let variables = features.variables(rows.map { sample.coalitions[$0] })
        let width = features.count
        let dimension = sample.embeddings.columns
        gram = Matrix(rows: width, columns: width)
        embeddings = Matrix(rows: width, columns: dimension)
        for block in rowBlocks(rows.count) {
            try cancellation.check()
            let design = features.design(variables, rows: block) { weights[rows[$0]].squareRoot() }
            try gram.addGram(of: design, cancellation)
            var part = Matrix<Double>(rows: block.count, columns: dimension)
            for (index, row) in block.enumerated() {
                let root = weights[rows[row]].squareRoot()
                let source = rows[row] * dimension
                for k in 0..<dimension {
                    part.elements[index * dimension + k] = root * sample.embeddings.elements[source + k]
                }
            }
            let product = design.times(part, transposeSelf: true)
            for k in embeddings.elements.indices { embeddings.elements[k] += product.elements[k] }
        }
        gram.mirrorUpperTriangle()
    }
}
