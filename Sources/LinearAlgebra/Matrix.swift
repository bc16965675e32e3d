// LinearAlgebra: dense matrices, products and solves on BLAS and LAPACK, in pieces that a cancellation can end.
// Generic code is public rather than package: the compiler specialises it in other targets only if it is.

/// A dense row-major matrix.
public struct Matrix<Element: Scalar>: Sendable, Equatable {
    public let rows: Int
    public let columns: Int
    /// `rows × columns` elements, row after row.
    public var elements: [Element]

    /// A matrix of zeros.
    @inlinable
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
        elements = [Element](repeating: 0, count: rows * columns)
    }

    /// A matrix of zeros that may be so large that filling it takes long.
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public init(zeros rows: Int, _ columns: Int, _ cancellation: Cancellation) throws {
        self.rows = rows
        self.columns = columns
        elements = try [Element](unsafeUninitializedCapacity: rows * columns) { buffer, count in
            try cancellation.forEachPiece(of: rows, operations: 64 * columns) { piece in
                let part = piece.lowerBound * columns..<piece.upperBound * columns
                buffer[part].initialize(repeating: 0)
                count = part.upperBound
            }
        }
    }

    /// A matrix from its elements, row after row.
    ///
    /// - Precondition: `elements.count == rows * columns`.
    @inlinable
    public init(rows: Int, columns: Int, elements: [Element]) {
        precondition(elements.count == rows * columns, "a \(rows)×\(columns) matrix needs \(rows * columns) elements")
        self.rows = rows
        self.columns = columns
        self.elements = elements
    }

    /// The matrix in another precision.
    @inlinable
    public init<Other: Scalar>(_ other: Matrix<Other>) {
        rows = other.rows
        columns = other.columns
        elements = other.elements.map { Element($0) }
    }

    @inlinable
    public subscript(row: Int, column: Int) -> Element {
        get { elements[row * columns + column] }
        set { elements[row * columns + column] = newValue }
    }

    /// One row as a slice of ``elements``.
    @inlinable
    public func row(_ index: Int) -> ArraySlice<Element> {
        elements[index * columns..<(index + 1) * columns]
    }

    /// A range of rows, copied.
    @inlinable
    public func rows(_ range: Range<Int>) -> Matrix {
        Matrix(
            rows: range.count, columns: columns,
            elements: Array(elements[range.lowerBound * columns..<range.upperBound * columns]))
    }

    /// Some rows, in the order given, copied.
    @inlinable
    public func rows(_ indices: [Int]) -> Matrix {
        Matrix(rows: indices.count, columns: columns, elements: indices.flatMap { row($0) })
    }

    /// Adds another matrix of the same size.
    @inlinable
    public mutating func add(_ other: Matrix) {
        precondition(rows == other.rows && columns == other.columns, "sizes differ")
        for k in elements.indices { elements[k] += other.elements[k] }
    }

    /// One column, copied.
    @inlinable
    public func column(_ index: Int) -> [Element] {
        (0..<rows).map { elements[$0 * columns + index] }
    }

    @inlinable
    public var transposed: Matrix {
        var result = Matrix(rows: columns, columns: rows)
        for i in 0..<rows {
            for j in 0..<columns { result.elements[j * rows + i] = elements[i * columns + j] }
        }
        return result
    }

    /// The squared length of each column.
    @inlinable
    public var columnSquares: [Element] {
        var result = [Element](repeating: 0, count: columns)
        for i in 0..<rows {
            for j in 0..<columns { result[j] += elements[i * columns + j] * elements[i * columns + j] }
        }
        return result
    }

    /// op(self) · op(other), where op transposes if asked.
    ///
    /// - Precondition: the inner sizes agree.
    @inlinable
    public func times(_ other: Matrix, transposeSelf: Bool = false, transposeOther: Bool = false) -> Matrix {
        var result = Matrix(rows: transposeSelf ? columns : rows, columns: transposeOther ? other.rows : other.columns)
        multiply(other, transposeSelf, transposeOther, 0..<result.rows, into: &result)
        return result
    }

    /// The same in strips of rows.
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public func times(
        _ other: Matrix, transposeSelf: Bool = false, transposeOther: Bool = false, _ cancellation: Cancellation
    ) throws -> Matrix {
        var result = Matrix(rows: transposeSelf ? columns : rows, columns: transposeOther ? other.rows : other.columns)
        try cancellation.forEachPiece(
            of: result.rows, operations: (transposeSelf ? rows : columns) * result.columns
        ) { strip in
            multiply(other, transposeSelf, transposeOther, strip, into: &result)
        }
        return result
    }

    /// Some rows of op(self) · op(other).
    @inlinable
    func multiply(
        _ other: Matrix, _ transposeSelf: Bool, _ transposeOther: Bool, _ strip: Range<Int>, into result: inout Matrix
    ) {
        let inner = transposeSelf ? rows : columns
        precondition(inner == (transposeOther ? other.columns : other.rows), "inner sizes differ")
        let width = result.columns
        guard !strip.isEmpty, width > 0, inner > 0 else { return }
        elements.withUnsafeBufferPointer { a in
            other.elements.withUnsafeBufferPointer { b in
                result.elements.withUnsafeMutableBufferPointer { c in
                    if let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress {
                        Element.gemm(
                            transposeA: transposeSelf, transposeB: transposeOther, rows: strip.count, columns: width,
                            inner: inner, alpha: 1, a: a + strip.lowerBound * (transposeSelf ? 1 : columns),
                            strideA: columns, b: b, strideB: other.columns, beta: 0,
                            c: c + strip.lowerBound * width, strideC: width)
                    }
                }
            }
        }
    }

    /// Adds AᵀA to the upper triangle of this square matrix; ``mirrorUpperTriangle()`` completes it.
    ///
    /// - Precondition: `a.columns == rows == columns`.
    /// - Throws: `CancellationError`.
    @inlinable
    public mutating func addGram(of a: Matrix, _ cancellation: Cancellation = .never) throws {
        precondition(rows == columns && a.columns == rows, "sizes differ")
        let size = rows
        try a.elements.withUnsafeBufferPointer { source in
            try elements.withUnsafeMutableBufferPointer { target in
                guard a.rows > 0, let source = source.baseAddress, let target = target.baseAddress else { return }
                try Element.addGram(
                    outer: false, size: size, inner: a.rows, alpha: 1, a: source, strideA: size, c: target,
                    strideC: size, cancellation)
            }
        }
    }

    /// AAᵀ, complete.
    ///
    /// - Throws: `CancellationError`.
    @inlinable
    public func outerGram(_ cancellation: Cancellation = .never) throws -> Matrix {
        var result = Matrix(rows: rows, columns: rows)
        try elements.withUnsafeBufferPointer { source in
            try result.elements.withUnsafeMutableBufferPointer { target in
                guard columns > 0, let source = source.baseAddress, let target = target.baseAddress else { return }
                try Element.addGram(
                    outer: true, size: rows, inner: columns, alpha: 1, a: source, strideA: columns, c: target,
                    strideC: rows, cancellation)
            }
        }
        result.mirrorUpperTriangle()
        return result
    }

    /// Copies the upper triangle of a square matrix onto the lower one.
    @inlinable
    public mutating func mirrorUpperTriangle() {
        precondition(rows == columns, "the matrix is not square")
        let n = rows
        let block = 64
        elements.withUnsafeMutableBufferPointer { e in
            for rowStart in stride(from: 0, to: n, by: block) {
                for columnStart in stride(from: rowStart, to: n, by: block) {
                    for i in rowStart..<min(rowStart + block, n) {
                        for j in max(columnStart, i + 1)..<max(min(columnStart + block, n), max(columnStart, i + 1)) {
                            e[j * n + i] = e[i * n + j]
                        }
                    }
                }
            }
        }
    }
}
