/// The factor A = UᵀU of a symmetric positive definite matrix, U upper triangular.
public struct Cholesky<Element: Scalar>: Sendable {
    public let size: Int
    /// U in the upper triangle, row-major; what lies below is not meaningful.
    private var factor: [Element]

    /// Factors a matrix of which the upper triangle is read.
    ///
    /// - Throws: ``LinearAlgebraError/notPositiveDefinite(row:)``.
    public init(_ matrix: consuming Matrix<Element>) throws(LinearAlgebraError) {
        precondition(matrix.rows == matrix.columns, "the matrix is not square")
        size = matrix.rows
        factor = matrix.elements
        guard size > 0 else { return }
        let n = size
        let info = factor.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { Element.potrf(size: n, a: $0) } ?? 0
        }
        if info > 0 { throw .notPositiveDefinite(row: info - 1) }
        if info < 0 { throw .lapack(routine: "potrf", info: info) }
    }

    /// The least over the greatest diagonal element of U, squared: near 0 where A is singular to working precision.
    public var pivotRatio: Element {
        guard size > 0 else { return 1 }
        var least = factor[0].magnitude
        var greatest = least
        for i in 1..<max(size, 1) {
            least = Swift.min(least, factor[i * size + i].magnitude)
            greatest = Swift.max(greatest, factor[i * size + i].magnitude)
        }
        return greatest > 0 ? (least / greatest) * (least / greatest) : 0
    }

    /// A⁻¹B for B of `[size, columns]`.
    public func solve(_ right: Matrix<Element>) -> Matrix<Element> {
        var result = right
        triangularSolve(&result, transpose: true)
        triangularSolve(&result, transpose: false)
        return result
    }

    /// A⁻¹b.
    public func solve(_ right: [Element]) -> [Element] {
        solve(Matrix(rows: right.count, columns: 1, elements: right)).elements
    }

    /// U⁻ᵀB: the columns' squared lengths are bᵀA⁻¹b.
    public func whiten(_ right: Matrix<Element>) -> Matrix<Element> {
        var result = right
        triangularSolve(&result, transpose: true)
        return result
    }

    /// A⁻¹, complete.
    public func inverse() throws(LinearAlgebraError) -> Matrix<Element> {
        var result = Matrix(rows: size, columns: size, elements: factor)
        guard size > 0 else { return result }
        let n = size
        let info = result.elements.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.map { Element.potri(size: n, a: $0) } ?? 0
        }
        if info != 0 { throw .lapack(routine: "potri", info: info) }
        result.mirrorUpperTriangle()
        return result
    }

    private func triangularSolve(_ right: inout Matrix<Element>, transpose: Bool) {
        precondition(right.rows == size, "sizes differ")
        guard size > 0, right.columns > 0 else { return }
        let columns = right.columns
        factor.withUnsafeBufferPointer { u in
            right.elements.withUnsafeMutableBufferPointer { b in
                if let u = u.baseAddress, let b = b.baseAddress {
                    Element.trsm(
                        transpose: transpose, size: size, columns: columns, u: u, strideU: size,
                        b: b, strideB: columns)
                }
            }
        }
    }
}
