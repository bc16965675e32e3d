import LinearAlgebra

/// The expansion of a weighted sum of inputs with disjoint players, Σ_k c_k h_k(t_k): those of its inputs side by side.
///
/// Its W_∅ is Σ_k c_k W^k_∅, its other coefficients are each one input's times c_k, and coefficients across inputs are
/// zero.
struct SumExpansion {
    struct Part {
        let weight: Double
        /// Where the input's players begin in the sum.
        let offset: Int
        let solution: RidgeSolution
    }

    let parts: [Part]
    let players: Int
    /// W_∅.
    let intercept: [Double]
    /// W_i, `[players, dimension]`.
    let linear: Matrix<Double>

    init(_ solutions: [(weight: Double, solution: RidgeSolution)]) {
        var parts: [Part] = []
        var offset = 0
        for (weight, solution) in solutions {
            parts.append(Part(weight: weight, offset: offset, solution: solution))
            offset += solution.fit.features.players
        }
        self.parts = parts
        players = offset
        let dimension = solutions[0].solution.responseCount
        intercept = (0..<dimension).map { k in
            parts.dropFirst().reduce(parts[0].weight * parts[0].solution.intercept[k]) {
                $0 + $1.weight * $1.solution.intercept[k]
            }
        }
        linear = Self.stacked(parts, columns: dimension, \.linear)
    }

    /// The expansion of one input alone.
    init(_ solution: RidgeSolution) { self.init([(1, solution)]) }

    var dimension: Int { intercept.count }

    /// Whether an iterative solve of each came as near as it should.
    var isConverged: Bool { parts.allSatisfy(\.solution.isConverged) }

    /// The pairs that are within one input, numbered in the sum.
    var ownPairs: [(Int, Int)] {
        parts.flatMap { part in
            PairIndex(players: part.solution.fit.features.players).all.map {
                (part.offset + $0.0, part.offset + $0.1)
            }
        }
    }

    /// W_ij of ``ownPairs``, `[pairs, dimension]`.
    func pairVectors() -> Matrix<Double> { Self.stacked(parts, columns: dimension) { $0.pairVectors() } }

    /// Σ_j W_ij, `[players, dimension]`; zero for order 1.
    func pairSums() -> Matrix<Double> { Self.stacked(parts, columns: dimension) { $0.pairSums() } }

    /// The rows of all parts below each other, each times its weight.
    private static func stacked(
        _ parts: [Part], columns: Int, _ rows: (RidgeSolution) -> Matrix<Double>
    ) -> Matrix<Double> {
        var elements: [Double] = []
        for part in parts { elements += rows(part.solution).elements.map { part.weight * $0 } }
        return Matrix(rows: elements.count / max(columns, 1), columns: columns, elements: elements)
    }
}
