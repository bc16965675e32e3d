import LinearAlgebra

/// Weighted sums over the masks of one side at one node: G = Σ w φφᵀ and A = Σ w φ fᵀ.
struct SideMoments {
    /// `[features, features]`.
    var gram: Matrix<Double>
    /// `[features, dimension]`.
    var embeddings: Matrix<Double>

    /// Σ w φ, the first row of G.
    var sums: ArraySlice<Double> { gram.row(0) }

    /// - Parameter selected: the rows of the sample to take.
    init(_ sample: SideSample, features: Features, selected: [Int]) {
        let variables = features.variables(selected.map { sample.coalitions[$0] })
        let width = features.count
        let dimension = sample.embeddings.columns
        gram = Matrix(rows: width, columns: width)
        embeddings = Matrix(rows: width, columns: dimension)
        for rows in rowBlocks(selected.count) {
            let design = features.design(variables, rows: rows) { sample.weights[selected[$0]].squareRoot() }
            gram.addGram(of: design)
            var part = Matrix<Double>(rows: rows.count, columns: dimension)
            for (index, row) in rows.enumerated() {
                let root = sample.weights[selected[row]].squareRoot()
                for (offset, value) in sample.embeddings.row(selected[row]).enumerated() {
                    part.elements[index * dimension + offset] = root * value
                }
            }
            let product = design.times(part, transposeSelf: true)
            for k in embeddings.elements.indices { embeddings.elements[k] += product.elements[k] }
        }
        gram.mirrorUpperTriangle()
    }

    /// The sums without those of some of the masks.
    func subtracting(_ other: SideMoments) -> SideMoments {
        var result = self
        for k in gram.elements.indices { result.gram.elements[k] -= other.gram.elements[k] }
        for k in embeddings.elements.indices { result.embeddings.elements[k] -= other.embeddings.elements[k] }
        return result
    }
}
