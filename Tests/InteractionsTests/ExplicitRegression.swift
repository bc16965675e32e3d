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
        let (gram, right) = normalEquations(rows, order: order)
        return try Cholesky(gram).solve(right).elements
    }

    /// The minimiser of least Σ a², where there are several.
    static func solveLeastNorm(_ rows: [(z: [Int], weight: Double, value: Double)], order: Int) throws -> [Double] {
        let (gram, right) = normalEquations(rows, order: order)
        return try minimumNormSolve(gram, right, tolerance: 1e-10).solution.elements
    }

    private static func normalEquations(
        _ rows: [(z: [Int], weight: Double, value: Double)], order: Int
    ) -> (gram: Matrix<Double>, right: Matrix<Double>) {
        let width = features(rows[0].z, order: order).count
        var design = Matrix<Double>(rows: rows.count, columns: width)
        var right = Matrix<Double>(rows: rows.count, columns: 1)
        for (index, row) in rows.enumerated() {
            let root = row.weight.squareRoot()
            for (k, value) in features(row.z, order: order).enumerated() { design[index, k] = root * value }
            right[index, 0] = root * row.value
        }
        var gram = Matrix<Double>(rows: width, columns: width)
        gram.addGram(of: design)
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
