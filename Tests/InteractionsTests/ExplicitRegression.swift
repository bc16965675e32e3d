import Interactions
import LinearAlgebra

/// Weighted least squares with its design matrix written out in the 0/1 basis: what the estimators must equal.
struct ExplicitRegression {
    /// Features Π_{i∈S} z_i, |S| ≤ order: 1, players, pairs.
    static func features(_ z: [Int], order: Int) -> [Double] {
        var row = [1.0] + z.map(Double.init)
        if order == 2 {
            for i in z.indices {
                for j in z.indices where j > i { row.append(Double(z[i] * z[j])) }
            }
        }
        return row
    }

    /// Minimises Σ w (y − features · a)².
    ///
    /// - Returns: a_∅, then the players, then the pairs.
    static func solve(_ rows: [(z: [Int], weight: Double, value: Double)], order: Int) throws -> [Double] {
        let (gram, right) = try normalEquations(rows, order: order)
        return try Cholesky(gram).solve(right).elements
    }

    /// The minimiser of least Σ a², where there are several.
    static func solveLeastNorm(_ rows: [(z: [Int], weight: Double, value: Double)], order: Int) throws -> [Double] {
        let (gram, right) = try normalEquations(rows, order: order)
        return Self.pseudoinverse(gram, times: right.elements)
    }

    /// A⁺b by Jacobi's eigenvalue method; eigenvalues below 1e-10 of the largest count as zero.
    private static func pseudoinverse(_ matrix: Matrix<Double>, times right: [Double]) -> [Double] {
        let n = matrix.rows
        var a = matrix
        var vectors = Matrix<Double>(rows: n, columns: n)
        for i in 0..<n { vectors[i, i] = 1 }
        for _ in 0..<30 {
            for p in 0..<n {
                for q in p + 1..<max(n, p + 1) where abs(a[p, q]) > 1e-300 {
                    let theta = (a[q, q] - a[p, p]) / (2 * a[p, q])
                    let t = (theta < 0 ? -1 : 1) / (abs(theta) + (theta * theta + 1).squareRoot())
                    let c = 1 / (t * t + 1).squareRoot()
                    let s = t * c
                    for k in 0..<n { (a[k, p], a[k, q]) = (c * a[k, p] - s * a[k, q], s * a[k, p] + c * a[k, q]) }
                    for k in 0..<n { (a[p, k], a[q, k]) = (c * a[p, k] - s * a[q, k], s * a[p, k] + c * a[q, k]) }
                    for k in 0..<n {
                        (vectors[k, p], vectors[k, q]) = (
                            c * vectors[k, p] - s * vectors[k, q], s * vectors[k, p] + c * vectors[k, q]
                        )
                    }
                }
            }
        }
        let largest = (0..<n).map { a[$0, $0] }.max() ?? 0
        var result = [Double](repeating: 0, count: n)
        for j in 0..<n where a[j, j] > 1e-10 * largest {
            let projected = (0..<n).reduce(0) { $0 + vectors[$1, j] * right[$1] } / a[j, j]
            for i in 0..<n { result[i] += projected * vectors[i, j] }
        }
        return result
    }

    private static func normalEquations(
        _ rows: [(z: [Int], weight: Double, value: Double)], order: Int
    ) throws -> (gram: Matrix<Double>, right: Matrix<Double>) {
        let width = features(rows[0].z, order: order).count
        var design = Matrix<Double>(rows: rows.count, columns: width)
        var right = Matrix<Double>(rows: rows.count, columns: 1)
        for (index, row) in rows.enumerated() {
            let root = row.weight.squareRoot()
            for (k, value) in features(row.z, order: order).enumerated() { design[index, k] = root * value }
            right[index, 0] = root * row.value
        }
        var gram = Matrix<Double>(rows: width, columns: width)
        try gram.addGram(of: design)
        gram.mirrorUpperTriangle()
        return (gram, design.times(right, transposeSelf: true))
    }
}

extension InteractionValues {
    /// a_∅, then the players, then the pairs.
    var flat: [Double] { [baseline] + first + pairs }
}

/// The greatest difference relative to the greatest magnitude.
func relativeDifference(_ a: [Double], _ b: [Double]) -> Double {
    guard a.count == b.count else { return .infinity }
    let scale = b.map(abs).max() ?? 1
    return zip(a, b).map { abs($0 - $1) }.max().map { $0 / scale } ?? 0
}
