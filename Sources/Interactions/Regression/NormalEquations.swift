import LinearAlgebra

/// The normal equations M a = rhs of the weighted least-squares problem over all pairs of masks, and its equality
/// constraints.
///
/// M[(S,T),(S',T')] = Σ_g G_I[S,S'] · G_T[T,T'], and the right side likewise from α⟨A_I[S], A_T[T]⟩ + (β − v₀) s_I[S]
/// s_T[T]; this equals the paper's regression on the full cross product of the same masks, without its design matrix.
struct NormalEquations {
    let index: RegressionUnknowns
    /// M, of which the upper triangle counts.
    var matrix: Matrix<Double>
    var right: [Double]
    /// Rows c and values d of the constraints c·a = d.
    var constraints: [(row: [Double], value: Double)] = []

    /// The equations of no pairs.
    ///
    /// - Throws: `CancellationError`.
    init(index: RegressionUnknowns, _ cancellation: Cancellation) throws {
        self.index = index
        matrix = try Matrix(zeros: index.unknowns.count, index.unknowns.count, cancellation)
        right = [Double](repeating: 0, count: index.unknowns.count)
    }

    /// Adds the pairs of one group of weights (see ``PairWeights``).
    ///
    /// - Throws: `CancellationError`.
    mutating func add(
        image: SideMoments, text: SideMoments, scale: Double, offset: Double, _ cancellation: Cancellation
    ) throws {
        let unknowns = index.unknowns
        let size = unknowns.count
        let imageWidth = image.gram.columns
        let textWidth = text.gram.columns
        try matrix.elements.withUnsafeMutableBufferPointer { target in
            try image.gram.elements.withUnsafeBufferPointer { gI in
                try text.gram.elements.withUnsafeBufferPointer { gT in
                    try cancellation.forEachPiece(of: size, operations: 8 * size) { rows in
                        for row in rows {
                            let imageRow = unknowns[row].image * imageWidth
                            let textRow = unknowns[row].text * textWidth
                            for column in row..<size {
                                target[row * size + column] +=
                                    gI[imageRow + unknowns[column].image] * gT[textRow + unknowns[column].text]
                            }
                        }
                    }
                }
            }
        }
        // ⟨A_I[S], A_T[T]⟩ is needed for |S| + |T| ≤ order only.
        let narrow = Matrix(
            rows: 1 + index.textPlayers, columns: text.embeddings.columns,
            elements: Array(text.embeddings.elements[..<((1 + index.textPlayers) * text.embeddings.columns)]))
        let products = image.embeddings.times(narrow, transposeOther: true)
        let mean = Matrix(rows: image.embeddings.columns, columns: 1, elements: Array(image.embeddings.row(0)))
        let ofMean = text.embeddings.times(mean)
        let imageSums = Array(image.sums)
        let textSums = Array(text.sums)
        for (row, unknown) in unknowns.enumerated() {
            let product =
                unknown.text <= index.textPlayers ? products[unknown.image, unknown.text] : ofMean[unknown.text, 0]
            right[row] += scale * product + offset * imageSums[unknown.image] * textSums[unknown.text]
        }
    }

    /// Adds what another system holds.
    mutating func add(_ other: NormalEquations) {
        for k in matrix.elements.indices { matrix.elements[k] += other.matrix.elements[k] }
        for k in right.indices { right[k] += other.right[k] }
    }

    /// The system without what another one holds; the constraints stay.
    func subtracting(_ other: NormalEquations) -> NormalEquations {
        var result = self
        for k in result.matrix.elements.indices { result.matrix.elements[k] -= other.matrix.elements[k] }
        for k in result.right.indices { result.right[k] -= other.right[k] }
        return result
    }

    /// Solves under the constraints.
    ///
    /// - Returns: the unknowns; nil where the system does not determine them.
    /// - Throws: ``InteractionError/numerical(_:)``, `CancellationError`.
    consuming func solved(penalties: [Double]?, _ cancellation: Cancellation) throws -> [Double]? {
        let constraints = constraints
        try addConstraintsAndPenalties(penalties, cancellation)
        let right = columns(right, constraints)
        let factor: Cholesky<Double>
        do {
            factor = try Cholesky(takeMatrix(), cancellation: cancellation)
        } catch is LinearAlgebraError {
            return nil
        }
        guard factor.pivotRatio > Self.leastPivotRatio else { return nil }
        return try Self.constrained(factor.solve(right), constraints)
    }

    /// Solves a system that does not determine its unknowns: for those of least norm, in the basis it is written in.
    ///
    /// - Throws: ``InteractionError/numerical(_:)``, `CancellationError`.
    consuming func leastNormSolution(penalties: [Double]?, _ cancellation: Cancellation) throws -> [Double] {
        let constraints = constraints
        try addConstraintsAndPenalties(penalties, cancellation)
        let right = columns(right, constraints)
        let least: Matrix<Double>
        do {
            least = try minimumNormSolve(
                takeMatrix(), right, tolerance: Self.leastPivotRatio, cancellation: cancellation
            ).solution
        } catch let error as LinearAlgebraError {
            throw InteractionError.numerical(error.description)
        }
        return try Self.constrained(least, constraints)
    }

    /// Where the squared pivots of a Cholesky factor spread further than this, the masks do not determine the unknowns.
    private static let leastPivotRatio = 1e-11

    /// The right side and, beside it, the constraints' rows: columns of one solve.
    private func columns(_ right: [Double], _ constraints: [(row: [Double], value: Double)]) -> Matrix<Double> {
        var columns = Matrix<Double>(rows: right.count, columns: 1 + constraints.count)
        for i in right.indices {
            columns[i, 0] = right[i]
            for (k, constraint) in constraints.enumerated() { columns[i, 1 + k] = constraint.row[i] }
        }
        return columns
    }

    /// Hands the matrix over, so that it is factored where it stands.
    private mutating func takeMatrix() -> Matrix<Double> {
        var taken = Matrix<Double>(rows: 0, columns: 0)
        swap(&taken, &matrix)
        return taken
    }

    private mutating func addConstraintsAndPenalties(_ penalties: [Double]?, _ cancellation: Cancellation) throws {
        let size = right.count
        if let penalties {
            for i in 0..<size { matrix.elements[i * size + i] += penalties[i] }
        }
        // Adding μ CᵀC and μ Cᵀd changes nothing where C a = d, and makes the matrix definite.
        var trace = 0.0
        for i in 0..<size { trace += matrix[i, i] }
        let mu = trace / Double(size)
        for (row, value) in constraints {
            try cancellation.forEachPiece(of: size, operations: 8 * size) { rows in
                for i in rows {
                    let left = mu * row[i] / Double(size)
                    for j in i..<size { matrix.elements[i * size + j] += left * row[j] }
                    right[i] += left * value
                }
            }
        }
    }

    /// G: how the solution answers to its right side when the constraints stay satisfied, `[unknowns, unknowns]`.
    ///
    /// - Throws: ``InteractionError/numerical(_:)``, `CancellationError`.
    consuming func constrainedInverse(penalties: [Double], _ cancellation: Cancellation) throws -> Matrix<Double> {
        let constraints = constraints
        try addConstraintsAndPenalties(penalties, cancellation)
        let factor: Cholesky<Double>
        do {
            factor = try Cholesky(takeMatrix(), cancellation: cancellation)
        } catch let error as LinearAlgebraError {
            throw InteractionError.numerical(error.description)
        }
        var result = try factor.inverse()
        let size = result.rows
        // Projecting the constraints out one after the other.
        for (row, _) in constraints {
            let x = result.times(Matrix(rows: size, columns: 1, elements: row)).elements
            let scale = zip(row, x).reduce(0) { $0 + $1.0 * $1.1 }
            guard scale > 0 else { continue }
            try cancellation.forEachPiece(of: size, operations: 8 * size) { rows in
                for i in rows {
                    let left = x[i] / scale
                    for j in 0..<size { result.elements[i * size + j] -= left * x[j] }
                }
            }
        }
        return result
    }

    /// x₀ + X ν with ν such that the constraints hold; column 0 is x₀ = M⁻¹rhs, the others X = M⁻¹Cᵀ.
    private static func constrained(
        _ columns: Matrix<Double>, _ constraints: [(row: [Double], value: Double)]
    ) throws -> [Double] {
        var solution = columns.column(0)
        if constraints.count == 2 {
            func dot(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + $1.0 * $1.1 } }
            let x = [columns.column(1), columns.column(2)]
            let (c0, c1) = (constraints[0].row, constraints[1].row)
            let (m00, m01, m10, m11) = (dot(c0, x[0]), dot(c0, x[1]), dot(c1, x[0]), dot(c1, x[1]))
            let r0 = constraints[0].value - dot(c0, solution)
            let r1 = constraints[1].value - dot(c1, solution)
            let determinant = m00 * m11 - m01 * m10
            let nu0 = (r0 * m11 - m01 * r1) / determinant
            let nu1 = (m00 * r1 - m10 * r0) / determinant
            for i in solution.indices { solution[i] += nu0 * x[0][i] + nu1 * x[1][i] }
        }
        guard solution.allSatisfy(\.isFinite) else {
            throw InteractionError.numerical("the masks do not determine the end values")
        }
        return solution
    }
}
