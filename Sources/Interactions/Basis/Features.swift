import LinearAlgebra

/// Products χ_S of the p-biased variables χ_i = (z_i − p)/√(p(1−p)), |S| ≤ order, orthonormal under Bernoulli(p)ⁿ.
///
/// Columns: 1, then χ_i, then χ_i χ_j in the order of ``PairIndex``.
struct Features {
    let players: Int
    let order: Int
    let probability: Double

    var count: Int { 1 + (order >= 1 ? players : 0) + (order >= 2 ? PairIndex(players: players).count : 0) }

    /// χ of an absent and of a present player.
    private(set) var levels: (absent: Double, present: Double)

    init(players: Int, order: Int, probability: Double) {
        self.players = players
        self.order = order
        self.probability = probability
        let sigma = (probability * (1 - probability)).squareRoot()
        levels = (-probability / sigma, (1 - probability) / sigma)
    }

    /// Products of the presences z_i themselves.
    var ofPresence: Features {
        var result = self
        result.levels = (0, 1)
        return result
    }

    /// χ_i(z), `[coalitions, players]`.
    func variables(_ coalitions: some Collection<Coalition>) -> Matrix<Double> {
        let (absent, present) = levels
        var result = Matrix<Double>(rows: coalitions.count, columns: players)
        for (row, coalition) in coalitions.enumerated() {
            let start = row * players
            for player in 0..<players {
                result.elements[start + player] = coalition.contains(player) ? present : absent
            }
        }
        return result
    }

    /// All features of the coalitions whose variables are given, each row times a factor, `[coalitions, count]`.
    func design(_ variables: Matrix<Double>, rows: Range<Int>, scale: (Int) -> Double) -> Matrix<Double> {
        let width = count
        var result = Matrix<Double>(rows: rows.count, columns: width)
        let n = players
        let order = order
        variables.elements.withUnsafeBufferPointer { x in
            result.elements.withUnsafeMutableBufferPointer { target in
                for (index, row) in rows.enumerated() {
                    let factor = scale(row)
                    let base = index * width
                    target[base] = factor
                    guard order >= 1 else { continue }
                    for i in 0..<n { target[base + 1 + i] = factor * x[row * n + i] }
                    guard order >= 2 else { continue }
                    var position = base + 1 + n
                    for i in 0..<n {
                        let left = factor * x[row * n + i]
                        for j in i + 1..<max(n, i + 1) {
                            target[position] = left * x[row * n + j]
                            position += 1
                        }
                    }
                }
            }
        }
        return result
    }
}
