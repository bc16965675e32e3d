import LinearAlgebra

/// The squared bias that the penalties of a ridge regression over pairs of masks are expected to bring, in every basis
/// an explanation reports.
///
/// With G the inverse of the penalised system on the constraints' null space, θ̂ − θ = −G·diag(penalty)·θ plus noise;
/// the sizes of the true θ are learnt from the estimates, kind by kind.
struct RegressionBias {
    private let index: RegressionUnknowns
    /// For each unknown k and true coefficient l: G_kl · penalty_l · |θ_l|, `[unknowns, unknowns]`.
    private let effects: Matrix<Double>

    /// - Parameters:
    ///   - variances: the variances of the solution, from the jackknife.
    /// - Throws: ``InteractionError/numerical(_:)``, `CancellationError`.
    init(
        _ system: NormalEquations, penalties: [Double], solution: [Double], variances: [Double],
        _ cancellation: Cancellation
    ) throws {
        index = system.index
        var effects = try system.constrainedInverse(penalties: penalties, cancellation)
        let size = solution.count
        let shrunk = (0..<size).map { min(max(effects[$0, $0] * penalties[$0], 0), 1) }
        var sizes = [Double](repeating: 0, count: size)
        for kind in Self.kinds(index) {
            let members = kind.filter { penalties[$0] > 0 }
            guard !members.isEmpty else { continue }
            let largest = members.map { 1 / penalties[$0] }.max() ?? 1
            let expected = members.map { 1 / penalties[$0] / largest }
            let line = TrueSizes(
                estimates: members.map { solution[$0] }, variances: members.map { variances[$0] },
                shrunk: members.map { shrunk[$0] },
                expected: expected)
            for (position, member) in members.enumerated() {
                sizes[member] = line.squared(expected: expected[position])
            }
        }
        for k in 0..<size {
            for l in 0..<size { effects.elements[k * size + l] *= penalties[l] * sizes[l].squareRoot() }
        }
        self.effects = effects
    }

    /// Unknowns of one kind: image players, text players, pairs of either and cross-modal pairs.
    private static func kinds(_ index: RegressionUnknowns) -> [[Int]] {
        var result = [[Int]](repeating: [], count: 5)
        for (position, unknown) in index.unknowns.enumerated() {
            let image = unknown.image == 0 ? 0 : unknown.image <= index.imagePlayers ? 1 : 2
            let text = unknown.text == 0 ? 0 : unknown.text <= index.textPlayers ? 1 : 2
            switch (image, text) {
            case (0, 0): continue
            case (1, 0): result[0].append(position)
            case (0, 1): result[1].append(position)
            case (2, 0): result[2].append(position)
            case (0, 2): result[3].append(position)
            default: result[4].append(position)
            }
        }
        return result
    }

    /// Squared biases of a_i, a_ij and φ_i in the 0/1 basis, for the basis of `probability`.
    ///
    /// - Throws: `CancellationError`.
    func squares(
        probability p: Double, order: Int, _ cancellation: Cancellation
    ) throws -> (first: [Double], pairs: [Double], reading: [Double]) {
        let players = index.imagePlayers + index.textPlayers
        let size = index.unknowns.count
        let s2 = p * (1 - p)
        var pairs = [Double](repeating: 0, count: order == 2 ? PairIndex(players: players).count : 0)
        var reading = [Double](repeating: 0, count: players)
        var rows = Matrix<Double>(rows: players, columns: size)
        for k in 0..<size {
            if k % 256 == 0 { try cancellation.check() }
            let square = effects.row(k).reduce(0) { $0 + $1 * $1 }
            guard let term = index.term(k) else { continue }
            if term.count == 1 {
                reading[term[0]] = square / s2
                for l in 0..<size { rows[term[0], l] += effects[k, l] / s2.squareRoot() }
            } else {
                pairs[PairIndex(players: players).position(term[0], term[1])] = square / (s2 * s2)
                for player in term {
                    for l in 0..<size { rows[player, l] -= p / s2 * effects[k, l] }
                }
            }
        }
        let first = (0..<players).map { i in rows.row(i).reduce(0) { $0 + $1 * $1 } }
        return (first, pairs, reading)
    }
}
