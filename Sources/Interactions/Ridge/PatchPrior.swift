import LinearAlgebra

/// What the states of an image's patches, in the space of the embeddings, say of its expansion.
///
/// A patch whose state is like the others' is taken for background. What is common to all, and what lies along the
/// whole image's embedding, changes no normalised embedding and is left out.
package struct PatchPrior: Sendable {
    /// ũ: each patch's state less their mean and without its part along the whole embedding, `[patches, dimension]`.
    package let deviations: Matrix<Double>

    /// - Parameters:
    ///   - states: `[patches, dimension]`, row-major.
    ///   - whole: the embedding of the whole image.
    package init(states: [Float], whole: [Float]) {
        let dimension = whole.count
        let patches = dimension > 0 ? states.count / dimension : 0
        var result = Matrix<Double>(rows: patches, columns: dimension)
        var mean = [Double](repeating: 0, count: dimension)
        for i in 0..<patches {
            for k in 0..<dimension { mean[k] += Double(states[i * dimension + k]) / Double(patches) }
        }
        // States that differ by rounding alone say nothing.
        let size = mean.reduce(0) { $0 + $1 * $1 } * Double(patches)
        let square = whole.reduce(0.0) { $0 + Double($1) * Double($1) }
        for i in 0..<patches {
            var along = 0.0
            for k in 0..<dimension {
                result[i, k] = Double(states[i * dimension + k]) - mean[k]
                along += result[i, k] * Double(whole[k])
            }
            guard square > 0 else { continue }
            for k in 0..<dimension { result[i, k] -= along / square * Double(whole[k]) }
        }
        let spread = result.elements.reduce(0) { $0 + $1 * $1 }
        deviations = spread <= 1e-9 * size ? Matrix(rows: patches, columns: dimension) : result
    }

    /// The prior of players that are unions of patches: what their patches say is summed.
    ///
    /// - Parameters:
    ///   - map: learnt on other images; nil takes each patch to count along its own state.
    ///   - identity: see ``SidePrior/identity``.
    package func side(_ players: ImagePlayers, map: PatchMap? = nil, identity: String) -> SidePrior? {
        let expected = map?.expected(of: self) ?? deviations
        guard players.playerOfPatch.count == deviations.rows, deviations.elements.allSatisfy(\.isFinite),
            expected.elements.allSatisfy(\.isFinite)
        else { return nil }
        var mean = Matrix<Double>(rows: players.count, columns: expected.columns)
        for (patch, player) in players.playerOfPatch.enumerated() {
            for k in 0..<expected.columns { mean[player, k] += expected[patch, k] }
        }
        var energies = Self.energies(deviations, of: players)
        if map != nil {
            // Both say which patches will matter, and err in different ways.
            for (i, energy) in Self.energies(expected, of: players).enumerated() { energies[i] += energy }
        }
        return SidePrior(energies: energies, mean: mean, isMeanScaled: map != nil, identity: identity)
    }

    /// The squared lengths of the patches' rows, summed over each player's, with mean 1 unless all are zero.
    private static func energies(_ rows: Matrix<Double>, of players: ImagePlayers) -> [Double] {
        var result = [Double](repeating: 0, count: players.count)
        for (patch, player) in players.playerOfPatch.enumerated() {
            result[player] += rows.row(patch).reduce(0) { $0 + $1 * $1 }
        }
        let mean = result.reduce(0, +) / Double(max(result.count, 1))
        return mean > 0 ? result.map { $0 / mean } : result
    }
}
