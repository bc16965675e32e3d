import LinearAlgebra

/// The symmetric positive definite system K + λN of a dual form; C is its inverse. What is asked of it ends with a
/// `CancellationError` where nobody wants the result any more.
protocol KernelSystem: Sendable {
    /// C·B for B of `[masks, columns]`.
    func solution(of right: Matrix<Double>) throws -> KernelSolution
    /// The same, as exactly as error estimates need it.
    func nearlySolve(_ right: Matrix<Double>) throws -> Matrix<Double>
    /// φᵀCφ of each column φ.
    func quadraticForms(_ columns: Matrix<Double>) throws -> [Double]
    /// The diagonal of C: of all masks, or of as many of the first as an error estimate looks at.
    func inverseDiagonal() throws -> [Double]
}

/// What a system of equations gave.
struct KernelSolution {
    /// One column for each right side.
    var columns: Matrix<Double>
    /// Whether they are as exact as they should be; an iterative solve may end before.
    var isConverged = true
}

extension Cholesky: KernelSystem where Element == Double {
    func solution(of right: Matrix<Double>) throws -> KernelSolution { KernelSolution(columns: try solve(right)) }

    func nearlySolve(_ right: Matrix<Double>) throws -> Matrix<Double> { try solve(right) }

    func quadraticForms(_ columns: Matrix<Double>) throws -> [Double] {
        // φᵀCφ is the squared length of U⁻ᵀφ.
        try whiten(columns).columnSquares
    }
}

/// Kriging with an unknown mean: P = C − C11ᵀC/(1ᵀC1) for C = (K + λN)⁻¹, so that P·y are the dual coefficients of a
/// response.
struct DualProjection {
    private let system: any KernelSystem
    /// C1.
    private let sums: [Double]
    private let areSumsConverged: Bool
    /// The weights of the masks in the intercept, C1/(1ᵀC1).
    let interceptWeights: [Double]
    /// The diagonal of P, of the first masks at least.
    let diagonal: [Double]

    /// - Throws: `LinearAlgebraError`, `CancellationError`.
    init(_ kernel: consuming Matrix<Double>, noise: [Double], _ cancellation: Cancellation) throws {
        var system = kernel
        let count = system.rows
        for i in 0..<count { system.elements[i * count + i] += noise[i] }
        try self.init(Cholesky(system, cancellation: cancellation), masks: count)
    }

    /// - Parameters:
    ///   - system: K + λN.
    ///   - masks: its size.
    init(_ system: any KernelSystem, masks: Int) throws {
        self.system = system
        let ones = try system.solution(
            of: Matrix(rows: masks, columns: 1, elements: [Double](repeating: 1, count: masks)))
        sums = ones.columns.elements
        areSumsConverged = ones.isConverged
        let total = sums.reduce(0, +)
        interceptWeights = sums.map { $0 / total }
        var diagonal = try system.inverseDiagonal()
        for m in diagonal.indices { diagonal[m] -= sums[m] * interceptWeights[m] }
        self.diagonal = diagonal
    }

    /// φᵀPφ of each column φ.
    func quadraticForms(_ columns: Matrix<Double>) throws -> [Double] {
        // The mean takes away (1ᵀCφ)²/(1ᵀC1).
        var result = try system.quadraticForms(columns)
        let onSums = Matrix(rows: 1, columns: sums.count, elements: sums).times(columns)
        let total = sums.reduce(0, +)
        for k in result.indices { result[k] -= onSums[0, k] * onSums[0, k] / total }
        return result
    }

    /// P·Y for Y of `[masks, responses]`.
    func solution(of responses: Matrix<Double>) throws -> KernelSolution {
        var result = try system.solution(of: responses)
        withoutMean(&result.columns)
        result.isConverged = result.isConverged && areSumsConverged
        return result
    }

    /// P·Y for Y of `[masks, responses]`, as exactly as error estimates need it.
    func nearly(_ responses: Matrix<Double>) throws -> Matrix<Double> {
        var result = try system.nearlySolve(responses)
        withoutMean(&result)
        return result
    }

    /// From C·Y to P·Y.
    private func withoutMean(_ columns: inout Matrix<Double>) {
        let width = columns.columns
        for r in 0..<width {
            var total = 0.0
            for m in 0..<columns.rows { total += columns.elements[m * width + r] }
            for m in 0..<columns.rows { columns.elements[m * width + r] -= interceptWeights[m] * total }
        }
    }
}
