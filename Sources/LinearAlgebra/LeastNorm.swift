/// The solution of least length of a symmetric positive semidefinite system A x = b, or of the nearest such system
/// where b is not in A's range.
///
/// A Cholesky factorisation with pivoting chooses as many rows as A's rank, A = E·UᵀU·Eᵀ with E = [I; Zᵀ] in their
/// order; then x = E (EᵀE)⁻¹ (UᵀU)⁻¹ (EᵀE)⁻¹ Eᵀb (Golub and Van Loan, "Matrix Computations", 4th edition, 4.2.8 and
/// 5.5).
/// - Parameters:
///   - matrix: A, of which the upper triangle is read.
///   - right: `[size, columns]`.
///   - tolerance: rows count as dependent on others where this part of the largest diagonal element is left of them.
/// - Returns: x of `[size, columns]` and the numerical rank.
/// - Throws: ``LinearAlgebraError``, `CancellationError`.
package func minimumNormSolve(
    _ matrix: consuming Matrix<Double>, _ right: Matrix<Double>, tolerance: Double = 1e-11,
    cancellation: Cancellation = .never
) throws -> (solution: Matrix<Double>, rank: Int) {
    let size = matrix.rows
    let width = right.columns
    let factor = try PivotedFactor(matrix, tolerance: tolerance, cancellation)
    let rank = factor.rank
    let ordered = right.rows(factor.order)
    guard rank > 0 else { return (Matrix(rows: size, columns: width), 0) }
    let chosen = ordered.rows(0..<rank)
    let triangle = try factor.triangle()
    var solution: Matrix<Double>
    if rank == size {
        solution = try triangle.solve(chosen)
    } else {
        let z = try triangle.backSolve(factor.dependent())
        let span = try SpanGram(z, cancellation)
        // Eᵀb = b₁ + Z b₂.
        var projected = z.times(ordered.rows(rank..<size))
        projected.add(chosen)
        let weights = try span.solve(triangle.solve(span.solve(projected)))
        solution = Matrix(
            rows: size, columns: width, elements: weights.elements + z.times(weights, transposeSelf: true).elements)
    }
    var result = Matrix<Double>(rows: size, columns: width)
    for (position, row) in factor.order.enumerated() {
        for k in 0..<width { result[row, k] = solution[position, k] }
    }
    return (result, rank)
}

/// EᵀE = I + ZZᵀ, solved at the smaller side of Z.
private struct SpanGram {
    private let z: Matrix<Double>
    private let factor: Cholesky<Double>
    private var isWide: Bool { z.rows <= z.columns }

    init(_ z: Matrix<Double>, _ cancellation: Cancellation) throws {
        self.z = z
        let size = min(z.rows, z.columns)
        var gram = Matrix<Double>(rows: size, columns: size)
        if z.rows <= z.columns {
            gram = try z.outerGram(cancellation)
        } else {
            try gram.addGram(of: z, cancellation)
        }
        for k in 0..<size { gram[k, k] += 1 }
        factor = try Cholesky(gram, cancellation: cancellation)
    }

    func solve(_ right: Matrix<Double>) throws -> Matrix<Double> {
        guard !isWide else { return try factor.solve(right) }
        // (I + ZZᵀ)⁻¹ = I − Z (I + ZᵀZ)⁻¹ Zᵀ.
        var result = right
        let taken = z.times(try factor.solve(z.times(right, transposeSelf: true)))
        for k in result.elements.indices { result.elements[k] -= taken.elements[k] }
        return result
    }
}

/// PᵀAP = UᵀU with the rows in an order in which each pivot is the largest diagonal element left, as far as A has rank
/// (LAPACK's `dpstrf`, in pieces that a cancellation ends).
private struct PivotedFactor {
    /// The rows of A in the order of the factor.
    private(set) var order: [Int]
    private(set) var rank = 0
    private let matrix: Matrix<Double>
    private let cancellation: Cancellation

    private static let panelSize = 64

    init(_ consumed: consuming Matrix<Double>, tolerance: Double, _ cancellation: Cancellation) throws {
        precondition(consumed.rows == consumed.columns, "the matrix is not square")
        let n = consumed.rows
        self.cancellation = cancellation
        var order = Array(0..<n)
        var rank = 0
        let floor = tolerance * (0..<n).reduce(0) { max($0, consumed[$1, $1]) }
        try consumed.elements.withUnsafeMutableBufferPointer { buffer in
            guard let a = buffer.baseAddress else { return }
            /// What the panel in hand takes from each diagonal element.
            var taken = [Double](repeating: 0, count: n)
            for start in stride(from: 0, to: n, by: Self.panelSize) {
                try cancellation.check()
                let end = min(start + Self.panelSize, n)
                for k in start..<n { taken[k] = 0 }
                for row in start..<end {
                    var pivot = row
                    var largest = -Double.infinity
                    for k in row..<n {
                        if row > start { taken[k] += a[(row - 1) * n + k] * a[(row - 1) * n + k] }
                        let left = a[k * n + k] - taken[k]
                        if left > largest { (largest, pivot) = (left, k) }
                    }
                    guard largest > floor else { return }
                    if pivot != row {
                        Self.exchange(row, pivot, a, size: n)
                        order.swapAt(row, pivot)
                        taken.swapAt(row, pivot)
                    }
                    let root = largest.squareRoot()
                    a[row * n + row] = root
                    if row + 1 < n {
                        // The rows of the panel above, times their elements in this column.
                        Double.transposedGemv(
                            rows: row - start, columns: n - row - 1, alpha: -1 / root, a: a + start * n + row + 1,
                            strideA: n, x: a + start * n + row, strideX: n, beta: 1 / root, y: a + row * n + row + 1)
                    }
                    rank = row + 1
                }
                if end < n {
                    try Double.subtractGram(
                        of: a + start * n + end, rows: end - start, columns: n - end, stride: n,
                        from: a + end * n + end, stride: n, cancellation)
                }
            }
        }
        self.order = order
        self.rank = rank
        matrix = consumed
    }

    /// Exchanges two rows and columns of a symmetric matrix of which the upper triangle is kept, and the columns of the
    /// rows of U above them.
    private static func exchange(_ k: Int, _ p: Int, _ a: UnsafeMutablePointer<Double>, size n: Int) {
        func swap(_ x: Int, _ y: Int) { (a[x], a[y]) = (a[y], a[x]) }
        swap(k * n + k, p * n + p)
        for i in 0..<k { swap(i * n + k, i * n + p) }
        for i in k + 1..<max(p, k + 1) { swap(k * n + i, i * n + p) }
        for j in p + 1..<max(n, p + 1) { swap(k * n + j, p * n + j) }
    }

    /// U of the chosen rows.
    func triangle() throws -> Cholesky<Double> {
        Cholesky(factored: try block(0..<rank), cancellation: cancellation)
    }

    /// The rows of U at the columns that were not chosen, `[rank, size − rank]`.
    func dependent() throws -> Matrix<Double> { try block(rank..<matrix.columns) }

    private func block(_ columns: Range<Int>) throws -> Matrix<Double> {
        var elements: [Double] = []
        elements.reserveCapacity(rank * columns.count)
        try cancellation.forEachPiece(of: rank, operations: 64 * columns.count) { rows in
            for row in rows {
                let start = row * matrix.columns
                elements += matrix.elements[start + columns.lowerBound..<start + columns.upperBound]
            }
        }
        return Matrix(rows: rank, columns: columns.count, elements: elements)
    }
}
