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
        let m = transposeSelf ? columns : rows
        let k = transposeSelf ? rows : columns
        let n = transposeOther ? other.rows : other.columns
        precondition(k == (transposeOther ? other.columns : other.rows), "inner sizes differ")
        var result = Matrix(rows: m, columns: n)
        guard m > 0, n > 0, k > 0 else { return result }
        elements.withUnsafeBufferPointer { a in
            other.elements.withUnsafeBufferPointer { b in
                result.elements.withUnsafeMutableBufferPointer { c in
                    if let a = a.baseAddress, let b = b.baseAddress, let c = c.baseAddress {
                        Element.gemm(
                            transposeA: transposeSelf, transposeB: transposeOther, rows: m, columns: n, inner: k,
                            alpha: 1, a: a, strideA: columns, b: b, strideB: other.columns,
                            beta: 0, c: c, strideC: n)
                    }
                }
            }
        }
        return result
    }

    /// Adds AᵀA to the upper triangle of this square matrix; ``mirrorUpperTriangle()`` completes it.
    ///
    /// - Precondition: `a.columns == rows == columns`.
    @inlinable
    public mutating func addGram(of a: Matrix) {
        precondition(rows == columns && a.columns == rows, "sizes differ")
        guard a.rows > 0, rows > 0 else { return }
        let size = rows
        a.elements.withUnsafeBufferPointer { source in
            elements.withUnsafeMutableBufferPointer { target in
                if let source = source.baseAddress, let target = target.baseAddress {
                    Element.syrk(
                        outer: false, size: size, inner: a.rows, alpha: 1, a: source, strideA: size,
                        beta: 1, c: target, strideC: size)
                }
            }
        }
    }

    /// AAᵀ, complete.
    @inlinable
    public var outerGram: Matrix {
        var result = Matrix(rows: rows, columns: rows)
        guard rows > 0, columns > 0 else { return result }
        elements.withUnsafeBufferPointer { source in
            result.elements.withUnsafeMutableBufferPointer { target in
                if let source = source.baseAddress, let target = target.baseAddress {
                    Element.syrk(
                        outer: true, size: rows, inner: columns, alpha: 1, a: source, strideA: columns,
                        beta: 0, c: target, strideC: rows)
                }
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
