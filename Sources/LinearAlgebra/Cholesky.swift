/// Why a linear-algebra operation could not be done.
public enum LinearAlgebraError: Error, Equatable, CustomStringConvertible {
    /// The matrix is not positive definite: elimination broke down at this row (zero-based).
    case notPositiveDefinite(row: Int)

    public var description: String {
        switch self {
        case .notPositiveDefinite(let row):
            "the matrix is not positive definite (row \(row)); use a minimum-norm solve or add a penalty"
        }
    }
}

/// The factor A = UᵀU of a symmetric positive definite matrix, U upper triangular.
public struct Cholesky<Element: Scalar>: Sendable {
    public let size: Int
    /// U in the upper triangle, row-major; what lies below is not meaningful.
    @usableFromInline
    var factor: [Element]
    @usableFromInline
    let cancellation: Cancellation

    /// LAPACK factors this many rows at once, in about ten milliseconds.
    @inlinable
    static var wholeSize: Int { 1024 }
    /// The rows of a panel of a larger matrix.
    @inlinable
    static var panelSize: Int { 256 }

    /// Factors a matrix of which the upper triangle is read.
    ///
    /// - Parameter cancellation: asked here and in all that is solved with the factor.
    /// - Throws: ``LinearAlgebraError/notPositiveDefinite(row:)``; `CancellationError`.
    @inlinable
    public init(_ matrix: consuming Matrix<Element>, cancellation: Cancellation = .never) throws {
        precondition(matrix.rows == matrix.columns, "the matrix is not square")
        size = matrix.rows
        self.cancellation = cancellation
        let n = size
        factor = []
        swap(&factor, &matrix.elements)
        try factor.withUnsafeMutableBufferPointer { buffer in
            guard let u = buffer.baseAddress else { return }
            guard n > Self.wholeSize else { return try Self.factorWhole(u, from: 0, rows: n, stride: n) }
            for start in stride(from: 0, to: n, by: Self.panelSize) {
                try cancellation.check()
                try Self.factorPanel(u, start: start, size: n, cancellation)
            }
        }
    }

    /// A factor made elsewhere.
    init(factored triangle: consuming Matrix<Element>, cancellation: Cancellation) {
        size = triangle.rows
        factor = triangle.elements
        self.cancellation = cancellation
    }

    @inlinable
    static func factorWhole(_ u: UnsafeMutablePointer<Element>, from start: Int, rows: Int, stride: Int) throws {
        let info = Element.potrf(size: rows, a: u + start * stride + start, stride: stride)
        if info > 0 { throw LinearAlgebraError.notPositiveDefinite(row: start + info - 1) }
    }

    /// Turns the rows of one panel into those of U and takes their outer products from the rows below.
    @inlinable
    static func factorPanel(
        _ u: UnsafeMutablePointer<Element>, start: Int, size: Int, _ cancellation: Cancellation
    ) throws {
        let rows = min(panelSize, size - start)
        try factorWhole(u, from: start, rows: rows, stride: size)
        let rest = size - start - rows
        guard rest > 0 else { return }
        let panel = u + start * size + start + rows
        Element.trsm(
            transpose: true, size: rows, columns: rest, u: u + start * size + start, strideU: size, b: panel,
            strideB: size)
        try Element.subtractGram(
            of: panel, rows: rows, columns: rest, stride: size, from: panel + rows * size, stride: size, cancellation)
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
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public func solve(_ right: consuming Matrix<Element>) throws -> Matrix<Element> {
        var result = right
        try triangularSolve(&result, transpose: true)
        try triangularSolve(&result, transpose: false)
        return result
    }

    /// A⁻¹b.
    @inlinable
    public func solve(_ right: [Element]) throws -> [Element] {
        try solve(Matrix(rows: right.count, columns: 1, elements: right)).elements
    }

    /// U⁻ᵀB: the columns' squared lengths are bᵀA⁻¹b.
    @inlinable
    public func whiten(_ right: consuming Matrix<Element>) throws -> Matrix<Element> {
        var result = right
        try triangularSolve(&result, transpose: true)
        return result
    }

    /// U⁻¹B for B of `[size, columns]`.
    @inlinable
    func backSolve(_ right: consuming Matrix<Element>) throws -> Matrix<Element> {
        var result = right
        try triangularSolve(&result, transpose: false)
        return result
    }

    /// A⁻¹ = U⁻¹U⁻ᵀ, complete.
    @inlinable
    public func inverse() throws -> Matrix<Element> {
        try invertedTriangle().outerGram(cancellation)
    }

    /// The diagonal of A⁻¹ = U⁻¹U⁻ᵀ: the squared lengths of the rows of U⁻¹.
    @inlinable
    public func inverseDiagonal() throws -> [Element] {
        let inverse = try invertedTriangle()
        var result = [Element](repeating: 0, count: size)
        try cancellation.forEachPiece(of: size, operations: 32 * size) { rows in
            for i in rows {
                var sum: Element = 0
                for j in i..<size { sum += inverse.elements[i * size + j] * inverse.elements[i * size + j] }
                result[i] = sum
            }
        }
        return result
    }

    /// U⁻¹ with zeros below the diagonal.
    @inlinable
    func invertedTriangle() throws -> Matrix<Element> {
        var result = try Matrix<Element>(zeros: size, size, cancellation)
        try result.elements.withUnsafeMutableBufferPointer { buffer in
            guard let u = buffer.baseAddress else { return }
            try cancellation.forEachPiece(of: size, operations: 32 * size) { rows in
                for i in rows {
                    for j in i..<size { u[i * size + j] = factor[i * size + j] }
                }
            }
            try Self.invertTriangle(u, size: size, stride: size, cancellation)
        }
        return result
    }

    /// U ← U⁻¹ by halves, [[A, B], [0, C]]⁻¹ = [[A⁻¹, −A⁻¹BC⁻¹], [0, C⁻¹]]: OpenBLAS's own `trtri` is several times
    /// slower.
    @inlinable
    static func invertTriangle(
        _ u: UnsafeMutablePointer<Element>, size: Int, stride: Int, _ cancellation: Cancellation
    ) throws {
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
        let rest = size - half
        let corner = u + half
        let lower = corner + half * stride
        try cancellation.forEachPiece(of: rest, operations: half * half / 2) { columns in
            Element.trsm(
                transpose: false, size: half, columns: columns.count, alpha: -1, u: u, strideU: stride,
                b: corner + columns.lowerBound, strideB: stride)
        }
        try cancellation.forEachPiece(of: half, operations: rest * rest / 2) { rows in
            Element.trsmRight(
                rows: rows.count, size: rest, u: lower, strideU: stride, b: corner + rows.lowerBound * stride,
                strideB: stride)
        }
        try invertTriangle(u, size: half, stride: stride, cancellation)
        try invertTriangle(lower, size: rest, stride: stride, cancellation)
    }

    @inlinable
    func triangularSolve(_ right: inout Matrix<Element>, transpose: Bool) throws {
        precondition(right.rows == size, "sizes differ")
        let columns = right.columns
        try factor.withUnsafeBufferPointer { u in
            try right.elements.withUnsafeMutableBufferPointer { b in
                guard let u = u.baseAddress, let b = b.baseAddress else { return }
                try cancellation.forEachPiece(of: columns, operations: size * size / 2) { piece in
                    Element.trsm(
                        transpose: transpose, size: size, columns: piece.count, u: u, strideU: size,
                        b: b + piece.lowerBound, strideB: columns)
                }
            }
        }
    }
}
