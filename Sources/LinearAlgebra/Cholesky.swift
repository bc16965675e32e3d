/// The factor A = UᵀU of a symmetric positive definite matrix, U upper triangular.
public struct Cholesky<Element: Scalar>: Sendable {
    public let size: Int
    /// U in the upper triangle, row-major; what lies below is not meaningful.
    @usableFromInline
    var factor: [Element]

    /// Factors a matrix of which the upper triangle is read.
    ///
    /// - Throws: ``LinearAlgebraError/notPositiveDefinite(row:)``.
    @inlinable
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
    @inlinable
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
    @inlinable
    public func solve(_ right: Matrix<Element>) -> Matrix<Element> {
        var result = right
        triangularSolve(&result, transpose: true)
        triangularSolve(&result, transpose: false)
        return result
    }

    /// A⁻¹b.
    @inlinable
    public func solve(_ right: [Element]) -> [Element] {
        solve(Matrix(rows: right.count, columns: 1, elements: right)).elements
    }

    /// U⁻ᵀB: the columns' squared lengths are bᵀA⁻¹b.
    @inlinable
    public func whiten(_ right: Matrix<Element>) -> Matrix<Element> {
        var result = right
        triangularSolve(&result, transpose: true)
        return result
    }

    /// A⁻¹ = U⁻¹U⁻ᵀ, complete.
    @inlinable
    public func inverse() -> Matrix<Element> {
        invertedTriangle().outerGram
    }

    /// The diagonal of A⁻¹ = U⁻¹U⁻ᵀ: the squared lengths of the rows of U⁻¹.
    @inlinable
    public func inverseDiagonal() -> [Element] {
        let inverse = invertedTriangle()
        return (0..<size).map { i in
            var sum: Element = 0
            for j in i..<size { sum += inverse.elements[i * size + j] * inverse.elements[i * size + j] }
            return sum
        }
    }

    /// U⁻¹ with zeros below the diagonal.
    @inlinable
    func invertedTriangle() -> Matrix<Element> {
        var result = Matrix(rows: size, columns: size, elements: factor)
        result.elements.withUnsafeMutableBufferPointer { buffer in
            guard let u = buffer.baseAddress else { return }
            Self.invertTriangle(u, size: size, stride: size)
            for i in 1..<max(size, 1) {
                for j in 0..<i { u[i * size + j] = 0 }
            }
        }
        return result
    }

    /// U ← U⁻¹ by halves, [[A, B], [0, C]]⁻¹ = [[A⁻¹, −A⁻¹BC⁻¹], [0, C⁻¹]]: OpenBLAS's own `trtri` is several times
    /// slower.
    @inlinable
    static func invertTriangle(_ u: UnsafeMutablePointer<Element>, size: Int, stride: Int) {
        if size <= 32 {
            for j in 0..<size {
                let inverse = 1 / u[j * stride + j]
                for i in 0..<j {
                    var sum: Element = 0
                    for k in i..<j { sum += u[i * stride + k] * u[k * stride + j] }
                    u[i * stride + j] = -sum * inverse
                }
                u[j * stride + j] = inverse
            }
            return
        }
        let half = size / 2
        let lower = u + half * stride + half
        Element.trsmBothSides(rows: half, columns: size - half, u: u, v: lower, b: u + half, stride: stride)
        invertTriangle(u, size: half, stride: stride)
        invertTriangle(lower, size: size - half, stride: stride)
    }

    @inlinable
    func triangularSolve(_ right: inout Matrix<Element>, transpose: Bool) {
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
