import LinearAlgebra

/// The kernels of the linear and of the pair features between the masks of a sample.
///
/// With u_i = v_i χ_i χ'_i, s = Σ u_i and q = Σ u_i², the linear kernel is s/n and the pair kernel (s² − q)/(n(n−1));
/// at p = 0.5 and equal relevances v both have a unit diagonal.
struct OrderKernels {
    /// `[masks, masks]`.
    let linear: Matrix<Double>
    /// `[masks, masks]`; nil for order 1.
    let pair: Matrix<Double>?

    /// - Parameter variables: χ, `[masks, players]`.
    /// - Throws: `CancellationError`.
    init(_ variables: Matrix<Double>, relevance: [Double], order: Int, _ cancellation: Cancellation) throws {
        let n = variables.columns
        var scaled = variables
        for m in 0..<scaled.rows {
            for i in 0..<n { scaled.elements[m * n + i] *= relevance[i].squareRoot() }
        }
        var linear = try scaled.outerGram(cancellation)
        if order >= 2, n >= 2 {
            for k in scaled.elements.indices { scaled.elements[k] *= scaled.elements[k] }
            var pair = try scaled.outerGram(cancellation)
            let scale = 1 / Double(n * (n - 1))
            try pair.elements.withUnsafeMutableBufferPointer { q in
                try linear.elements.withUnsafeBufferPointer { s in
                    try cancellation.forEachPiece(of: variables.rows, operations: 32 * variables.rows) { rows in
                        let width = variables.rows
                        for k in rows.lowerBound * width..<rows.upperBound * width {
                            q[k] = (s[k] * s[k] - q[k]) * scale
                        }
                    }
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
