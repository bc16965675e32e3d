/// Which pairs an estimate holds.
package enum PairScope: String, Sendable, Codable {
    /// None: order 1.
    case none
    /// Every pair of players.
    case all
    /// Image–text pairs; pairs within the image were left out of the model, and for regressions those within
    /// the text too.
    case crossModal
}

/// An estimated explanation: v(z) − v₀ ≈ Σ a_S over the S ⊆ z of at most `order` players.
///
/// Players are numbered by side: those of the first, which is an image where there is one (`0..<imagePlayers`), then
/// those of the second, which is a text in most games (`imagePlayers..<players`). Values are in logits, or cosines
/// where the game's scale is 1.
package struct InteractionValues: Sendable, Equatable {
    package var index: InteractionIndex
    /// The Banzhaf presence probability; 0.5 in the first-order reading of Shapley.
    package var p: Double
    package var order: Int
    package var estimator: Estimator
    /// Players of the first side.
    package var imagePlayers: Int
    /// Players of the second side, those of all its inputs.
    package var textPlayers: Int
    /// a_∅.
    package var baseline: Double
    /// a_i, `[players]`.
    package var first: [Double]
    /// a_ij in the order of ``PairIndex``; empty for order 1, zero where ``scope`` leaves pairs out.
    package var pairs: [Double]
    package var scope: PairScope
    /// v(∅, ∅), which was subtracted.
    package var emptyValue: Double
    /// v(1, 1).
    package var fullValue: Double
    /// R² of coalitions predicted without themselves (leave-one-out, or cross-validation for regressions);
    /// nil where too few masks allow none.
    package var looR2: Double?
    /// Whether the least-squares problem had no unique solution and the one of least norm was taken.
    package var rankDeficient: Bool
    /// Whether the solve came as near to the solution as it should; an iterative one of very many masks may end before.
    package var isConverged = true
    /// Whether each image mask was drawn together with one text mask; otherwise every pair of them counts.
    package var isJointlySampled = false
    /// Masks of each image and of each text that the estimate rests on, repeats counted; 0 where a game has none.
    package var imageMasks: Int
    package var textMasks: Int
    /// Standard errors, where asked for.
    package var standardErrors: StandardErrors?

    /// The number of players, image and text.
    package var players: Int { imagePlayers + textPlayers }

    /// a_ij, or 0 for order 1.
    package func pair(_ i: Int, _ j: Int) -> Double {
        pairs.isEmpty ? 0 : pairs[PairIndex(players: players).position(i, j)]
    }

    /// The first-order reading φ_i = a_i + q·Σ_j a_ij, q = p for Banzhaf and 1/2 for Shapley.
    package var firstOrderReading: [Double] {
        guard !pairs.isEmpty else { return first }
        let q = index == .banzhaf ? p : 0.5
        var result = first
        var position = 0
        for i in 0..<players {
            for j in i + 1..<max(players, i + 1) {
                result[i] += q * pairs[position]
                result[j] += q * pairs[position]
                position += 1
            }
        }
        return result
    }

    /// The value the explanation predicts for a coalition, v(z) − v₀.
    ///
    /// - Precondition: `coalition.count == players`.
    package func predict(_ coalition: Coalition) -> Double {
        let members = coalition.members
        var result = baseline
        for (index, i) in members.enumerated() {
            result += first[i]
            if !pairs.isEmpty {
                let start = i * (2 * players - i - 1) / 2 - i - 1
                for j in members[(index + 1)...] { result += pairs[start + j] }
            }
        }
        return result
    }
}

/// One standard deviation of the error of each estimated value, in logit units.
package struct StandardErrors: Sendable, Equatable {
    /// The errors of a_i.
    package var first: [Double]
    /// The errors of a_ij, in the order of ``PairIndex``; empty for order 1.
    package var pairs: [Double]
    /// The errors of the first-order reading φ_i.
    package var firstOrderReading: [Double]
}
