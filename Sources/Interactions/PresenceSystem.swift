import LinearAlgebra

extension JointSystem {
    /// The same problem for coefficients of products of presences Π_{i∈S} z_i rather than of χ_S.
    ///
    /// Where the masks determine the solution both describe one function. Where they do not, least norm depends on the
    /// basis, and the paper's regression means this one.
    /// - Parameter p: of the χ_i = (z_i − p)/σ that the system is written in.
    func inPresenceBasis(probability p: Double) -> JointSystem {
        let expansions = presenceExpansions(probability: p)
        var result = JointSystem(index: index)
        var symmetric = matrix
        symmetric.mirrorUpperTriangle()
        let once = Self.combineRows(of: symmetric, expansions).transposed
        result.matrix = Self.combineRows(of: once, expansions)
        func combine(_ row: [Double]) -> [Double] {
            expansions.map { parts in parts.reduce(0) { $0 + $1.factor * row[$1.unknown] } }
        }
        result.right = combine(right)
        result.constraints = constraints.map { (combine($0.row), $0.value) }
        return result
    }

    /// Coefficients of the χ_S that are the same function as these of the Π_{i∈S} z_i.
    func biased(_ presence: [Double], probability p: Double) -> [Double] {
        var result = [Double](repeating: 0, count: presence.count)
        for (value, parts) in zip(presence, presenceExpansions(probability: p)) {
            for part in parts { result[part.unknown] += part.factor * value }
        }
        return result
    }

    private typealias Part = (unknown: Int, factor: Double)

    /// Each Π_{i∈S} z_i in the χ: z_i = p + σ χ_i, z_i z_j = p² + pσ(χ_i + χ_j) + σ² χ_i χ_j.
    private func presenceExpansions(probability p: Double) -> [[Part]] {
        let sigma = (p * (1 - p)).squareRoot()
        var constant = 0
        var single = [Int](repeating: 0, count: index.imagePlayers + index.textPlayers)
        for (unknown, term) in index.terms.enumerated() {
            if term.isEmpty { constant = unknown }
            if term.count == 1 { single[term[0]] = unknown }
        }
        return index.terms.enumerated().map { unknown, term in
            switch term.count {
            case 0: [(unknown, 1)]
            case 1: [(unknown, sigma), (constant, p)]
            default:
                [
                    (unknown, sigma * sigma), (single[term[0]], p * sigma), (single[term[1]], p * sigma),
                    (constant, p * p),
                ]
            }
        }
    }

    private static func combineRows(of matrix: Matrix<Double>, _ expansions: [[Part]]) -> Matrix<Double> {
        let size = matrix.columns
        var result = Matrix<Double>(rows: expansions.count, columns: size)
        matrix.elements.withUnsafeBufferPointer { source in
            result.elements.withUnsafeMutableBufferPointer { target in
                for (row, parts) in expansions.enumerated() {
                    for part in parts {
                        for column in 0..<size {
                            target[row * size + column] += part.factor * source[part.unknown * size + column]
                        }
                    }
                }
            }
        }
        return result
    }
}
