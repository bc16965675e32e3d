/// A quarter of an image.
package enum Quadrant: String, Sendable, Codable, CaseIterable {
    case topLeft, topRight, bottomLeft, bottomRight
}

extension InteractionValues {
    /// The pointing game's PGR (the paper's section 5) for an image of four quadrants of different classes:
    /// Σ_t [Σ_{in quadrant} e⁺ + Σ_{outside} |e⁻|] / Σ_t Σ|e| over the cross-modal pairs e of each class word t.
    ///
    /// On an odd grid the middle row and column do not count.
    /// - Parameter targets: class words, each with its text players (`0..<textPlayers`) and the quadrant it belongs to.
    /// - Returns: between 0 and 1; nil where all pairs are 0.
    /// - Throws: ``InteractionError`` where the image players form no grid, or a text player does not exist.
    package func pointingGame(_ targets: [(textPlayers: [Int], quadrant: Quadrant)], image: ImagePlayers)
        throws(InteractionError) -> Double?
    {
        guard let grid = image.grid, image.count == imagePlayers else {
            throw .invalidPlayers("the pointing game needs image players that form a grid")
        }
        guard order == 2 else {
            throw .invalidParameter(name: "order", message: "the pointing game reads pairs; estimate with order 2")
        }
        var right = 0.0
        var total = 0.0
        for target in targets {
            guard target.textPlayers.allSatisfy({ $0 >= 0 && $0 < textPlayers }) else {
                throw .invalidParameter(name: "players", message: "text players run from 0 to \(textPlayers - 1)")
            }
            for player in 0..<imagePlayers {
                guard let place = Self.quadrant(player / grid.columns, player % grid.columns, grid) else { continue }
                for t in target.textPlayers {
                    let e = pair(player, imagePlayers + t)
                    total += abs(e)
                    if (place == target.quadrant) == (e > 0) { right += abs(e) }
                }
            }
        }
        return total > 0 ? right / total : nil
    }

    private static func quadrant(_ row: Int, _ column: Int, _ grid: ImagePlayers.Grid) -> Quadrant? {
        // Twice the offset from the middle, so that a middle row of an odd grid is 0.
        let (down, across) = (2 * row + 1 - grid.rows, 2 * column + 1 - grid.columns)
        if down == 0 || across == 0 { return nil }
        return down < 0 ? (across < 0 ? .topLeft : .topRight) : (across < 0 ? .bottomLeft : .bottomRight)
    }
}
