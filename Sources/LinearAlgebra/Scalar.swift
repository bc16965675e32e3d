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
    /// B ← U⁻¹B, or U⁻ᵀB where `transpose`, for an upper triangular U.
    static func trsm(
        transpose: Bool, size: Int, columns: Int, u: UnsafePointer<Self>, strideU: Int,
        b: UnsafeMutablePointer<Self>, strideB: Int)
    /// In-place Cholesky factor of the upper triangle; returns LAPACK's `info`.
    static func potrf(size: Int, a: UnsafeMutablePointer<Self>) -> Int
    /// B ← −U⁻¹BV⁻¹ for upper triangular U and V.
    static func trsmBothSides(
        rows: Int, columns: Int, u: UnsafePointer<Self>, v: UnsafePointer<Self>, b: UnsafeMutablePointer<Self>,
        stride: Int)
}

extension Double: Scalar {
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
        transpose: Bool, size: Int, columns: Int, u: UnsafePointer<Double>, strideU: Int,
        b: UnsafeMutablePointer<Double>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(size), Int32(columns), 1, u, Int32(strideU), b, Int32(strideB))
    }

    public static func trsmBothSides(
        rows: Int, columns: Int, u: UnsafePointer<Double>, v: UnsafePointer<Double>, b: UnsafeMutablePointer<Double>,
        stride: Int
    ) {
        Runtime.prepare()
        cblas_dtrsm(
            CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns), -1,
            u, Int32(stride), b, Int32(stride))
        cblas_dtrsm(
            CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns), 1,
            v, Int32(stride), b, Int32(stride))
    }

    public static func potrf(size: Int, a: UnsafeMutablePointer<Double>) -> Int {
        Runtime.prepare()
        var n = Int32(size)
        var info: Int32 = 0
        // A row-major upper triangle is a column-major lower one.
        dpotrf_("L", &n, a, &n, &info, 1)
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
        transpose: Bool, size: Int, columns: Int, u: UnsafePointer<Float>, strideU: Int,
        b: UnsafeMutablePointer<Float>, strideB: Int
    ) {
        Runtime.prepare()
        cblas_strsm(
            CblasRowMajor, CblasLeft, CblasUpper, transpose ? CblasTrans : CblasNoTrans, CblasNonUnit,
            Int32(size), Int32(columns), 1, u, Int32(strideU), b, Int32(strideB))
    }

    public static func trsmBothSides(
        rows: Int, columns: Int, u: UnsafePointer<Float>, v: UnsafePointer<Float>, b: UnsafeMutablePointer<Float>,
        stride: Int
    ) {
        Runtime.prepare()
        cblas_strsm(
            CblasRowMajor, CblasLeft, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns), -1,
            u, Int32(stride), b, Int32(stride))
        cblas_strsm(
            CblasRowMajor, CblasRight, CblasUpper, CblasNoTrans, CblasNonUnit, Int32(rows), Int32(columns), 1,
            v, Int32(stride), b, Int32(stride))
    }

    public static func potrf(size: Int, a: UnsafeMutablePointer<Float>) -> Int {
        Runtime.prepare()
        var n = Int32(size)
        var info: Int32 = 0
        spotrf_("L", &n, a, &n, &info, 1)
        return Int(info)
    }
}
