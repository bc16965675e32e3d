import LinearAlgebra

/// The kernels of the linear and of the pair features between the masks of a sample.
///
/// With u_i = v_i χ_i χ'_i, s = Σ u_i and q = Σ u_i², the linear kernel is s/n and the pair kernel (s² − q)/(n(n−1)); at p = 0.5 and
/// equal relevances v both have a unit diagonal.
struct OrderKernels {
    /// `[masks, masks]`.
    let linear: Matrix<Double>
    /// `[masks, masks]`; nil for order 1.
    let pair: Matrix<Double>?

    /// - Parameter variables: χ, `[masks, players]`.
    init(_ variables: Matrix<Double>, relevance: [Double], order: Int) {
        let n = variables.columns
        var scaled = variables
        for m in 0..<scaled.rows {
            for i in 0..<n { scaled.elements[m * n + i] *= relevance[i].squareRoot() }
        }
        var linear = scaled.outerGram
        if order >= 2, n >= 2 {
            for k in scaled.elements.indices { scaled.elements[k] *= scaled.elements[k] }
            var pair = scaled.outerGram
            let scale = 1 / Double(n * (n - 1))
            pair.elements.withUnsafeMutableBufferPointer { q in
                linear.elements.withUnsafeBufferPointer { s in
                    for k in q.indices { q[k] = (s[k] * s[k] - q[k]) * scale }
                }
            }
            self.pair = pair
        } else {
            pair = nil
        }
        let scale = 1 / Double(n)
        for k in linear.elements.indices { linear.elements[k] *= scale }
        self.linear = linear
    }

    /// K = (1−a)·linear + a·pair.
    func combined(pairShare a: Double) -> Matrix<Double> {
        var result = linear
        guard let pair else { return result }
        result.elements.withUnsafeMutableBufferPointer { k in
            pair.elements.withUnsafeBufferPointer { q in
                for index in k.indices { k[index] = (1 - a) * k[index] + a * q[index] }
            }
        }
        return result
    }
}

/// Kriging with an unknown mean: P = C − C11ᵀC/(1ᵀC1) for C = (K + λN)⁻¹, so that P·y are the dual coefficients of a response.
struct DualProjection {
    private let factor: Cholesky<Double>
    /// C1.
    private let sums: [Double]
    /// The weights of the masks in the intercept, C1/(1ᵀC1).
    let interceptWeights: [Double]
    /// The diagonal of P.
    let diagonal: [Double]

    init(_ kernel: consuming Matrix<Double>, noise: [Double]) throws(LinearAlgebraError) {
        var system = kernel
        let count = system.rows
        for i in 0..<count { system.elements[i * count + i] += noise[i] }
        factor = try Cholesky(system)
        sums = factor.solve([Double](repeating: 1, count: count))
        let total = sums.reduce(0, +)
        interceptWeights = sums.map { $0 / total }
        var diagonal = factor.inverseDiagonal()
        for m in 0..<count { diagonal[m] -= sums[m] * interceptWeights[m] }
        self.diagonal = diagonal
    }

    /// φᵀPφ of each column φ.
    func quadraticForms(_ columns: Matrix<Double>) -> [Double] {
        // φᵀCφ is the squared length of U⁻ᵀφ; the mean takes away (1ᵀCφ)²/(1ᵀC1).
        var result = factor.whiten(columns).columnSquares
        let onSums = Matrix(rows: 1, columns: sums.count, elements: sums).times(columns)
        let total = sums.reduce(0, +)
        for k in result.indices { result[k] -= onSums[0, k] * onSums[0, k] / total }
        return result
    }

    /// P·Y for Y of `[masks, responses]`.
    func times(_ responses: Matrix<Double>) -> Matrix<Double> {
        var result = factor.solve(responses)
        let width = responses.columns
        for r in 0..<width {
            var total = 0.0
            for m in 0..<responses.rows { total += result.elements[m * width + r] }
            for m in 0..<responses.rows { result.elements[m * width + r] -= interceptWeights[m] * total }
        }
        return result
    }
}
