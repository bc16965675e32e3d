import COpenBLAS

/// The eigendecomposition A = V diag(values) Vᵀ of a symmetric matrix.
public struct SymmetricEigen: Sendable {
    /// Ascending.
    public let values: [Double]
    /// Row k is the eigenvector of `values[k]`.
    public let vectors: Matrix<Double>

    /// Decomposes a matrix of which the upper triangle is read (LAPACK `dsyevd`).
    ///
    /// - Throws: ``LinearAlgebraError/lapack(routine:info:)`` where it does not converge.
    public init(_ matrix: consuming Matrix<Double>) throws(LinearAlgebraError) {
        precondition(matrix.rows == matrix.columns, "the matrix is not square")
        let size = matrix.rows
        var vectors = matrix.elements
        var values = [Double](repeating: 0, count: size)
        if size > 0 {
            Runtime.prepare()
            var n = Int32(size)
            var info: Int32 = 0
            var workSize: Int32 = -1
            var integerWorkSize: Int32 = -1
            var work = [0.0]
            var integerWork: [Int32] = [0]
            // The first call asks for the size of the work space.
            dsyevd_("V", "L", &n, &vectors, &n, &values, &work, &workSize, &integerWork, &integerWorkSize, &info, 1, 1)
            workSize = Int32(work[0])
            integerWorkSize = integerWork[0]
            work = [Double](repeating: 0, count: Int(workSize))
            integerWork = [Int32](repeating: 0, count: Int(integerWorkSize))
            dsyevd_("V", "L", &n, &vectors, &n, &values, &work, &workSize, &integerWork, &integerWorkSize, &info, 1, 1)
            if info != 0 { throw .lapack(routine: "dsyevd", info: Int(info)) }
        }
        self.values = values
        // LAPACK's column-major columns are row-major rows.
        self.vectors = Matrix(rows: size, columns: size, elements: vectors)
    }
}

/// The solution of least length of a symmetric positive semidefinite system A x = b.
///
/// Eigenvalues below `tolerance` times the largest count as zero.
/// - Returns: x of `[size, columns]` and the numerical rank.
public func minimumNormSolve(
    _ matrix: Matrix<Double>, _ right: Matrix<Double>, tolerance: Double = 1e-12
) throws(LinearAlgebraError) -> (solution: Matrix<Double>, rank: Int) {
    let eigen = try SymmetricEigen(matrix)
    let largest = eigen.values.last.map { max($0, 0) } ?? 0
    var projected = eigen.vectors.times(right)
    var rank = 0
    for k in 0..<eigen.values.count {
        let value = eigen.values[k]
        let keep = value > tolerance * largest
        if keep { rank += 1 }
        for j in 0..<projected.columns { projected[k, j] = keep ? projected[k, j] / value : 0 }
    }
    return (eigen.vectors.times(projected, transposeSelf: true), rank)
}
