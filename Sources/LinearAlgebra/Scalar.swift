import COpenBLAS

/// The element types that BLAS and LAPACK work on: `Float` and `Double`.
///
/// The requirements are the raw routines, row-major, for ``Matrix`` and ``Cholesky`` to call.
public protocol Scalar: BinaryFloatingPoint, Sendable {
    /// C = alpha · op(A) · op(B) + beta · C.
    static func gemm(
        transposeA: Bool, transposeB: Bool, rows: Int, columns: Int, inner: Int, alpha: Self,
        a: UnsafePointer<Self>, strideA: Int, b: UnsafePointer<Self>, strideB: Int,
        beta: Self, c: UnsafeMutablePointer<Self>, strideC: Int)
    /// The upper triangle of C = alpha · AᵀA + beta · C (or AAᵀ where `outer`).
    static func syrk(
        outer: Bool, size: Int, inner: Int, alpha: Self, a: UnsafePointer<Self>, strideA: Int,
        beta: Self, c: UnsafeMutablePointer<Self>, strideC: Int)
    /// B ← alpha · U⁻¹B, or alpha · U⁻ᵀB where `transpose`, for an upper triangular U.
    static func trsm(
        transpose: Bool, size: Int, columns: Int, alpha: Self, u: UnsafePointer<Self>, strideU: Int,
        b: UnsafeMutablePointer<Self>, strideB: Int)
    /// B ← BU⁻¹ for an upper triangular U.
    static func trsmRight(
        rows: Int, size: Int, u: UnsafePointer<Self>, strideU: Int, b: UnsafeMutablePointer<Self>, strideB: Int)
    /// In-place Cholesky factor of the upper triangle; returns LAPACK's `info`.
    static func potrf(size: Int, a: UnsafeMutablePointer<Self>, stride: Int) -> Int
}

extension Scalar {
    /// B ← U⁻¹B, or U⁻ᵀB where `transpose`, for an upper triangular U.
    @inlinable
    public static func trsm(
        transpose: Bool, size: Int, columns: Int, u: UnsafePointer<Self>, strideU: Int,
        b: UnsafeMutablePointer<Self>, strideB: Int
    ) {
        trsm(
            transpose: transpose, size: size, columns: columns, alpha: 1, u: u, strideU: strideU, b: b,
            strideB: strideB)
    }

    /// Adds alpha · AᵀA (or AAᵀ where `outer`) to the upper triangle of C, in strips of its rows.
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public static func addGram(
        outer: Bool, size: Int, inner: Int, alpha: Self, a: UnsafePointer<Self>, strideA: Int,
        c: UnsafeMutablePointer<Self>, strideC: Int, _ cancellation: Cancellation
    ) throws {
        try cancellation.forEachPiece(of: size, operations: size * inner / 2) { rows in
            let start = rows.lowerBound
            let own = a + (outer ? start * strideA : start)
            syrk(
                outer: outer, size: rows.count, inner: inner, alpha: alpha, a: own, strideA: strideA, beta: 1,
                c: c + start * strideC + start, strideC: strideC)
            let rest = size - rows.upperBound
            guard rest > 0 else { return }
            gemm(
                transposeA: !outer, transposeB: outer, rows: rows.count, columns: rest, inner: inner, alpha: alpha,
                a: own, strideA: strideA, b: a + (outer ? rows.upperBound * strideA : rows.upperBound),
                strideB: strideA, beta: 1, c: c + start * strideC + rows.upperBound, strideC: strideC)
        }
    }

    /// Takes AᵀA from the upper triangle of C, for A of `[rows, columns]`.
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public static func subtractGram(
        of a: UnsafePointer<Self>, rows: Int, columns: Int, stride: Int, from c: UnsafeMutablePointer<Self>,
        stride strideC: Int, _ cancellation: Cancellation
    ) throws {
        try addGram(
            outer: false, size: columns, inner: rows, alpha: -1, a: a, strideA: stride, c: c, strideC: strideC,
            cancellation)
    }
}

extension Double: Scalar {
    /// y = alpha · Aᵀx + beta · y.
    static func transposedGemv(
        rows: Int, columns: Int, alpha: Double, a: UnsafePointer<Double>, strideA: Int, x: UnsafePointer<Double>,
        strideX: Int, beta: Double, y: UnsafeMutablePointer<Double>
    ) {
        Runtime.prepare()
        // BLAS leaves y as it is where A has no rows.
        guard rows > 0 else {
            for k in 0..<columns { y[k] *= beta }
            return
        }
        cblas_dgemv(
            CblasRowMajor, CblasTrans, Int32(rows), Int32(columns), alpha, a, Int32(strideA), x, Int32(strideX), beta,
            y, 1)
    }

    public static func gemm(
        transposeA: Bool, transposeB: Bool, rows: Int, columns: Int, inner: Int, alpha: Double,
        a: UnsafePointer<Double>, strideA: Int, b: UnsafePointer<Double>, strideB: Int,
        beta: Double, c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        Runtime.prepare()
        cblas_dgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), alpha, a, Int32(strideA), b, Int32(strideB),
            beta, c, Int32(strideC))
    }

    public static func syrk(
        outer: Bool, size: Int, inner: Int, alpha: Double, a: UnsafePointer<Double>, strideA: Int,
        beta: Double, c: UnsafeMutablePointer<Double>, strideC: Int
    ) {
        Runtime.prepare()
        cblas_dsyrk(
            CblasRowMajor, CblasUpper, outer ? CblasNoTrans : CblasTrans, Int32(size), Int32(inner),
            alpha, a, Int32(strideA), beta, c, Int32(strideC))
    }

    public static func trsm(
        transpose: Bool, size: Int, columns: Int, alpha: Double, u: UnsafePointer<Double>, strideU: Int,
        b: UnsafeMutablePointer<Double>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(size), Int32(columns), alpha, u, Int32(strideU), b, Int32(strideB))
    }

    public static func trsmRight(
        rows: Int, size: Int, u: UnsafePointer<Double>, strideU: Int, b: UnsafeMutablePointer<Double>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_dtrsm(
            CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(size), 1,
            u, Int32(strideU), b, Int32(strideB))
    }

    public static func potrf(size: Int, a: UnsafeMutablePointer<Double>, stride: Int) -> Int {
        Runtime.prepare()
        var n = Int32(size)
        var leading = Int32(stride)
        var info: Int32 = 0
        // A row-major upper triangle is a column-major lower one.
        dpotrf_("L", &n, a, &leading, &info, 1)
        return Int(info)
    }
}

extension Float: Scalar {
    public static func gemm(
        transposeA: Bool, transposeB: Bool, rows: Int, columns: Int, inner: Int, alpha: Float,
        a: UnsafePointer<Float>, strideA: Int, b: UnsafePointer<Float>, strideB: Int,
        beta: Float, c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        Runtime.prepare()
        cblas_sgemm(
            CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
            Int32(rows), Int32(columns), Int32(inner), alpha, a, Int32(strideA), b, Int32(strideB),
            beta, c, Int32(strideC))
    }

    public static func syrk(
        outer: Bool, size: Int, inner: Int, alpha: Float, a: UnsafePointer<Float>, strideA: Int,
        beta: Float, c: UnsafeMutablePointer<Float>, strideC: Int
    ) {
        Runtime.prepare()
        cblas_ssyrk(
            CblasRowMajor, CblasUpper, outer ? CblasNoTrans : CblasTrans, Int32(size), Int32(inner),
            alpha, a, Int32(strideA), beta, c, Int32(strideC))
    }

    public static func trsm(
        transpose: Bool, size: Int, columns: Int, alpha: Float, u: UnsafePointer<Float>, strideU: Int,
        b: UnsafeMutablePointer<Float>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_strsm(
            CblasRowMajor, CblasLeft, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(size), Int32(columns), alpha, u, Int32(strideU), b, Int32(strideB))
    }

    public static func trsmRight(
        rows: Int, size: Int, u: UnsafePointer<Float>, strideU: Int, b: UnsafeMutablePointer<Float>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_strsm(
            CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(size), 1,
            u, Int32(strideU), b, Int32(strideB))
    }

    public static func potrf(size: Int, a: UnsafeMutablePointer<Float>, stride: Int) -> Int {
        Runtime.prepare()
        var n = Int32(size)
        var leading = Int32(stride)
        var info: Int32 = 0
        // A row-major upper triangle is a column-major lower one.
        spotrf_("L", &n, a, &leading, &info, 1)
        return Int(info)
    }
}
