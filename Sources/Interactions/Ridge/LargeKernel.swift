import LinearAlgebra

/// K + λN of more masks than are factored in double precision, for K as in ``OrderKernels``.
///
/// A factor in single precision, at a quarter of the memory that K and its factor take in double, preconditions
/// conjugate gradients; their products with K are in double precision and made in blocks, without storing K. The
/// solutions are those of a direct solve; what only standard errors and R² are made of comes from the factor alone.
struct LargeKernel: KernelSystem {
    /// √v_i χ_i and its square, `[masks, players]`.
    private let scaled: Matrix<Double>
    private let squared: Matrix<Double>
    private let linearScale: Double
    private let pairScale: Double
    private let noise: [Double]
    private let factor: Cholesky<Float>

    /// Conjugate gradients end when each column's residual is this part of its right side.
    private static let tolerance = 1e-10
    private let maximumSteps: Int
    private let cancellation: Cancellation

    /// - Parameters:
    ///   - variables: χ, `[masks, players]`.
    ///   - noise: λN.
    ///   - maximumSteps: the most steps of conjugate gradients.
    /// - Throws: `LinearAlgebraError`, `CancellationError`.
    init(
        _ variables: Matrix<Double>, shrinkage: Shrinkage, noise: [Double], maximumSteps: Int,
        _ cancellation: Cancellation
    ) throws {
        let n = variables.columns
        var scaled = variables
        for m in 0..<scaled.rows {
            for i in 0..<n { scaled.elements[m * n + i] *= shrinkage.relevance[i].squareRoot() }
        }
        var squared = scaled
        for k in squared.elements.indices { squared.elements[k] *= squared.elements[k] }
        self.scaled = scaled
        self.squared = squared
        linearScale = (1 - shrinkage.pairShare) / Double(n)
        pairScale = shrinkage.pairVariance / 2
        self.noise = noise
        self.maximumSteps = maximumSteps
        self.cancellation = cancellation
        factor = try Self.factor(
            scaled, squared, linearScale: linearScale, pairScale: pairScale, noise: noise, cancellation)
    }

    /// Rows of K made at a time: with 12,288 masks and 512 columns, some hundredths of a second.
    private static let blockSize = 64

    private static func factor(
        _ scaled: Matrix<Double>, _ squared: Matrix<Double>, linearScale: Double, pairScale: Double, noise: [Double],
        _ cancellation: Cancellation
    ) throws -> Cholesky<Float> {
        let masks = scaled.rows
        let (s, q) = (Matrix<Float>(scaled), Matrix<Float>(squared))
        var matrix = try Matrix<Float>(zeros: masks, masks, cancellation)
        for range in rowBlocks(masks, size: blockSize) {
            try cancellation.check()
            let block = rows(range, from: range.lowerBound, s, q, Float(linearScale), Float(pairScale))
            for (index, row) in range.enumerated() {
                for column in 0..<block.columns {
                    matrix.elements[row * masks + range.lowerBound + column] =
                        block.elements[index * block.columns + column]
                }
            }
        }
        var trace = 0.0
        for m in 0..<masks { trace += Double(matrix.elements[m * masks + m]) }
        // What rounding may take from the smallest eigenvalue; it only has to be near.
        let safety = 1e-5 * trace / Double(max(masks, 1))
        for m in 0..<masks { matrix.elements[m * masks + m] += Float(noise[m] + safety) }
        return try Cholesky(matrix, cancellation: cancellation)
    }

    /// K of some masks with those from `first` on.
    private static func rows<Element: Scalar>(
        _ range: Range<Int>, from first: Int, _ scaled: Matrix<Element>, _ squared: Matrix<Element>,
        _ linearScale: Element,
        _ pairScale: Element
    ) -> Matrix<Element> {
        let all = first..<scaled.rows
        var result = scaled.rows(range).times(first == 0 ? scaled : scaled.rows(all), transposeOther: true)
        let products = squared.rows(range).times(first == 0 ? squared : squared.rows(all), transposeOther: true)
        result.elements.withUnsafeMutableBufferPointer { s in
            products.elements.withUnsafeBufferPointer { q in
                for k in s.indices { s[k] = linearScale * s[k] + pairScale * (s[k] * s[k] - q[k]) }
            }
        }
        return result
    }

    /// (K + λN)·B.
    private func times(_ right: Matrix<Double>) throws -> Matrix<Double> {
        let width = right.columns
        var result = Matrix<Double>(rows: scaled.rows, columns: width)
        for range in rowBlocks(scaled.rows, size: Self.blockSize) {
            try cancellation.check()
            let block = Self.rows(range, from: 0, scaled, squared, linearScale, pairScale).times(right)
            for (index, row) in range.enumerated() {
                for k in 0..<width {
                    result.elements[row * width + k] =
                        block.elements[index * width + k] + noise[row] * right.elements[row * width + k]
                }
            }
        }
        return result
    }

    /// All columns at once, each with steps of its own.
    func solution(of right: Matrix<Double>) throws -> KernelSolution {
        let width = right.columns
        let targets = right.columnSquares.map { $0 * Self.tolerance * Self.tolerance }
        var solution = Matrix<Double>(rows: right.rows, columns: width)
        var residual = right
        var preconditioned = try nearlySolve(residual)
        var direction = preconditioned
        var progress = residual.columnProducts(preconditioned)
        for _ in 0..<maximumSteps {
            let image = try times(direction)
            let steps = zip(progress, direction.columnProducts(image)).map { $1 > 0 ? $0 / $1 : 0 }
            solution.add(direction, scaledBy: steps)
            residual.add(image, scaledBy: steps.map { -$0 })
            if zip(residual.columnSquares, targets).allSatisfy({ $0 <= $1 }) {
                return KernelSolution(columns: solution)
            }
            preconditioned = try nearlySolve(residual)
            let next = residual.columnProducts(preconditioned)
            let turns = zip(next, progress).map { $1 > 0 ? $0 / $1 : 0 }
            progress = next
            preconditioned.add(direction, scaledBy: turns)
            direction = preconditioned
        }
        return KernelSolution(columns: solution, isConverged: false)
    }

    func nearlySolve(_ right: Matrix<Double>) throws -> Matrix<Double> {
        Matrix<Double>(try factor.solve(Matrix<Float>(right)))
    }

    func quadraticForms(_ columns: Matrix<Double>) throws -> [Double] {
        try factor.whiten(Matrix<Float>(columns)).columnSquares.map(Double.init)
    }

    func inverseDiagonal() throws -> [Double] {
        let masks = scaled.rows
        let looked = min(masks, MaskLeverage.sampledMasks)
        var units = Matrix<Float>(rows: masks, columns: looked)
        for m in 0..<looked { units[m, m] = 1 }
        return try factor.whiten(units).columnSquares.map(Double.init)
    }
}

extension Matrix<Double> {
    /// The scalar product of each column with another matrix's.
    fileprivate func columnProducts(_ other: Matrix) -> [Double] {
        var result = [Double](repeating: 0, count: columns)
        for i in 0..<rows {
            for j in 0..<columns { result[j] += elements[i * columns + j] * other.elements[i * columns + j] }
        }
        return result
    }

    /// Adds another matrix, each column times a factor.
    fileprivate mutating func add(_ other: Matrix, scaledBy factors: [Double]) {
        for i in 0..<rows {
            for j in 0..<columns { elements[i * columns + j] += factors[j] * other.elements[i * columns + j] }
        }
    }
}
