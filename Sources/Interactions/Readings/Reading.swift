/// One pair of players and its interaction.
package struct RankedPair: Sendable, Equatable {
    package let i: Int
    package let j: Int
    package let value: Double
}

/// Views of an explanation.
extension InteractionValues {
    /// The interactions of one player with every other, `[players]`; 0 at its own place.
    ///
    /// For a text player the image part is the word's heat map; for an image player the text part weighs the words.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for no such player, or an order-1 explanation.
    package func condition(on player: Int) throws(InteractionError) -> [Double] {
        guard player >= 0, player < players else {
            throw .invalidParameter(name: "player", message: "must lie between 0 and \(players - 1), not \(player)")
        }
        guard order == 2 else {
            throw .invalidParameter(
                name: "order", message: "an order-1 explanation has no pairs; estimate with order 2")
        }
        return (0..<players).map { $0 == player ? 0 : pair(player, $0) }
    }

    /// The pairs of an image and a text player, row-major `[textPlayers, imagePlayers]`; empty for order 1.
    package var crossModalPairs: [Double] {
        guard !pairs.isEmpty else { return [] }
        return (0..<textPlayers).flatMap { t in (0..<imagePlayers).map { pair($0, imagePlayers + t) } }
    }

    /// Σ over the text of each image player's cross-modal pairs, `[imagePlayers]`.
    package var patchSums: [Double] {
        let cross = crossModalPairs
        guard !cross.isEmpty else { return [Double](repeating: 0, count: imagePlayers) }
        return (0..<imagePlayers).map { i in (0..<textPlayers).reduce(0) { $0 + cross[$1 * imagePlayers + i] } }
    }

    /// What each image player adds in the game whose text is shown whole, v(x, 1), averaged over the other patches:
    /// a_i + Σ_t a_it + q Σ_j a_ij over the image players j, `[imagePlayers]`; q as in ``firstOrderReading``.
    package var imageMap: [Double] {
        guard !pairs.isEmpty else { return Array(first[..<imagePlayers]) }
        let q = index == .banzhaf ? p : 0.5
        return (0..<imagePlayers).map { i in
            (0..<players).reduce(first[i]) { $1 == i ? $0 : $0 + ($1 < imagePlayers ? q : 1) * pair(i, $1) }
        }
    }

    /// Pearson correlation of two maps of one image; nil where one is constant.
    package func imageMapCorrelation(with other: InteractionValues) -> Double? {
        correlation(imageMap, other.imageMap)
    }

    /// Σ over the image of each text player's cross-modal pairs, `[textPlayers]`.
    package var tokenSums: [Double] {
        let cross = crossModalPairs
        guard !cross.isEmpty else { return [Double](repeating: 0, count: textPlayers) }
        return (0..<textPlayers).map { t in cross[t * imagePlayers..<(t + 1) * imagePlayers].reduce(0, +) }
    }

    /// The k pairs of largest magnitude, largest first; equal ones in the order of ``PairIndex``.
    ///
    /// - Parameter crossModalOnly: leave pairs within the image and within the text out.
    package func topPairs(_ k: Int, crossModalOnly: Bool = false) -> [RankedPair] {
        var ranked: [RankedPair] = []
        guard !pairs.isEmpty, k > 0 else { return [] }
        var position = 0
        for i in 0..<players {
            for j in i + 1..<max(players, i + 1) {
                if !crossModalOnly || (i < imagePlayers && j >= imagePlayers) {
                    ranked.append(RankedPair(i: i, j: j, value: pairs[position]))
                }
                position += 1
            }
        }
        ranked.sort { a, b in
            abs(a.value) != abs(b.value) ? abs(a.value) > abs(b.value) : (a.i, a.j) < (b.i, b.j)
        }
        return Array(ranked.prefix(k))
    }
}
