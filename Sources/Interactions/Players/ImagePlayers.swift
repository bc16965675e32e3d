/// The image players of a game: unions of patches.
///
/// Patches are numbered row-major on a grid of `patchRows × patchColumns`.
package struct ImagePlayers: Sendable, Hashable {
    package let patchRows: Int
    package let patchColumns: Int
    /// The player of each patch, row-major.
    package let playerOfPatch: [Int]
    package let count: Int
    /// Rows and columns of players where they form a grid; nil for regions.
    package let grid: Grid?

    package struct Grid: Sendable, Hashable {
        package let rows: Int
        package let columns: Int
    }

    /// A half-open rectangle of patches.
    package struct Box: Sendable, Hashable {
        package let rows: Range<Int>
        package let columns: Range<Int>
    }

    /// One player per patch.
    package init(patchRows: Int, patchColumns: Int) throws(InteractionError) {
        try self.init(patchRows: patchRows, patchColumns: patchColumns, rows: patchRows, columns: patchColumns)
    }

    /// A grid of `rows × columns` players over the patches; where the sizes do not divide, earlier players are the
    /// larger ones by at most one patch.
    ///
    /// - Throws: ``InteractionError/invalidPlayers(_:)`` for a grid finer than the patches.
    package init(patchRows: Int, patchColumns: Int, rows: Int, columns: Int) throws(InteractionError) {
        try Self.checkPatches(patchRows, patchColumns)
        guard rows >= 1, columns >= 1 else {
            throw .invalidPlayers("grid: needs at least 1 row and 1 column, not \(rows)×\(columns)")
        }
        guard rows <= patchRows, columns <= patchColumns else {
            throw .invalidPlayers(
                "grid: \(rows)×\(columns) players are finer than the image's \(patchRows)×\(patchColumns) patches; ask for at most that many"
            )
        }
        var owner: [Int] = []
        let rowOwners = Self.divide(patchRows, into: rows)
        let columnOwners = Self.divide(patchColumns, into: columns)
        for row in rowOwners {
            for column in columnOwners { owner.append(row * columns + column) }
        }
        self.patchRows = patchRows
        self.patchColumns = patchColumns
        playerOfPatch = owner
        count = rows * columns
        grid = Grid(rows: rows, columns: columns)
    }

    /// One player per region: a label for each patch, row-major; labels are 0, 1, … with none left out.
    ///
    /// - Throws: ``InteractionError/invalidPlayers(_:)``.
    package init(patchRows: Int, patchColumns: Int, regions: [Int]) throws(InteractionError) {
        try Self.checkPatches(patchRows, patchColumns)
        guard regions.count == patchRows * patchColumns else {
            throw .invalidPlayers(
                "regions: needs one label for each of the \(patchRows)×\(patchColumns) = \(patchRows * patchColumns) patches, not \(regions.count)"
            )
        }
        guard regions.allSatisfy({ $0 >= 0 && $0 < regions.count }) else {
            throw .invalidPlayers("regions: labels must be 0, 1, … up to at most \(regions.count - 1)")
        }
        let players = (regions.max() ?? 0) + 1
        let used = Set(regions)
        if let absent = (0..<players).first(where: { !used.contains($0) }) {
            throw .invalidPlayers(
                "regions: no patch has the label \(absent), though \(players - 1) is used; number regions 0, 1, … without gaps"
            )
        }
        self.patchRows = patchRows
        self.patchColumns = patchColumns
        playerOfPatch = regions
        count = players
        grid = nil
    }

    /// One byte per patch, 1 = shown, for a coalition of players.
    ///
    /// - Precondition: `coalition.count == count`.
    package func patchPresence(_ coalition: Coalition) -> [UInt8] {
        precondition(coalition.count == count, "\(coalition.count) players instead of \(count)")
        return playerOfPatch.map { coalition.contains($0) ? 1 : 0 }
    }

    /// The patches of one player, ascending.
    package func patches(of player: Int) -> [Int] {
        playerOfPatch.indices.filter { playerOfPatch[$0] == player }
    }

    /// The smallest rectangle of patches around one player.
    package func box(of player: Int) -> Box {
        let own = patches(of: player)
        let rows = own.map { $0 / patchColumns }
        let columns = own.map { $0 % patchColumns }
        return Box(
            rows: (rows.min() ?? 0)..<(rows.max() ?? -1) + 1, columns: (columns.min() ?? 0)..<(columns.max() ?? -1) + 1)
    }

    private static func checkPatches(_ rows: Int, _ columns: Int) throws(InteractionError) {
        guard rows >= 1, columns >= 1 else { throw .invalidPlayers("the image has no patches (\(rows)×\(columns))") }
    }

    /// The part that each of `count` positions belongs to.
    private static func divide(_ count: Int, into parts: Int) -> [Int] {
        let (size, larger) = (count / parts, count % parts)
        return (0..<parts).flatMap { part in [Int](repeating: part, count: size + (part < larger ? 1 : 0)) }
    }
}
