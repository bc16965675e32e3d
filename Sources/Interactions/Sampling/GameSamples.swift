/// The masks seen of one side of a game (one image, or one text) and their embeddings.
///
/// Index, order, estimator, p and seed do not enter, so every explanation of the same image (or text), with the same
/// players and masking, shares one. Rows are in the order appended, one per distinct coalition.
package struct GameSamples: Sendable {
    /// The number of players.
    package let players: Int
    /// The length of an embedding.
    package let dimension: Int
    /// The distinct coalitions, by row.
    package private(set) var coalitions: [Coalition] = []
    /// `[count, dimension]`, float32, row-major.
    package private(set) var embeddings: [Float] = []
    private var rows: [Coalition: Int] = [:]

    package init(players: Int, dimension: Int) {
        self.players = players
        self.dimension = dimension
    }

    /// The number of distinct coalitions held.
    package var count: Int { coalitions.count }

    /// Memory held, in bytes: embeddings, coalitions and their index as they are allocated, with room to grow, and what
    /// every game has around them.
    package var bytes: Int {
        let coalitionBytes = MemoryLayout<Coalition>.stride
        // The index's table has a power of two of places, of which three quarters are used at most.
        var places = 1
        while 3 * places < 4 * rows.capacity { places *= 2 }
        let ownPlayers = players > 256 ? (players - 256 + 63) / 64 * 8 + 32 : 0
        return Self.bytesOfAnyGame + embeddings.capacity * MemoryLayout<Float>.stride
            + coalitions.capacity * coalitionBytes + places * (coalitionBytes + MemoryLayout<Int>.stride)
            + count * ownPlayers
    }

    /// The object that guards the samples, its key and its place among the games: what memory grew by for each of
    /// thousands of games, less what is counted above.
    private static let bytesOfAnyGame = 4608

    /// Adds coalitions and their embeddings, `[coalitions.count, dimension]` row-major; one already held is passed
    /// over.
    ///
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for another number of players, a wrong number of
    ///   values or one that is not finite; nothing is added then.
    package mutating func append(_ added: [Coalition], embeddings values: [Float]) throws(InteractionError) {
        guard values.count == added.count * dimension else {
            throw .invalidParameter(
                name: "embeddings",
                message: "\(added.count) coalitions need \(added.count * dimension) values, not \(values.count)")
        }
        guard added.allSatisfy({ $0.count == players }) else {
            throw .invalidParameter(name: "coalitions", message: "the game has \(players) players")
        }
        guard values.allSatisfy(\.isFinite) else {
            throw .invalidParameter(name: "embeddings", message: "a value is not finite")
        }
        reserve(added.count)
        for (index, coalition) in added.enumerated() where rows[coalition] == nil {
            rows[coalition] = coalitions.count
            coalitions.append(coalition)
            embeddings.append(contentsOf: values[index * dimension..<(index + 1) * dimension])
        }
    }

    /// Makes room for more, a quarter more than there was at least: doubling would leave half of it unused, and games
    /// are many.
    private mutating func reserve(_ added: Int) {
        let wanted = count + added
        guard wanted * dimension > embeddings.capacity || wanted > coalitions.capacity else { return }
        let grown = max(wanted, count + count / 4)
        embeddings.reserveCapacity(grown * dimension)
        coalitions.reserveCapacity(grown)
    }

    /// The row of a coalition, where it has been seen.
    package func row(of coalition: Coalition) -> Int? { rows[coalition] }

    /// The embedding in one row.
    package func embedding(row: Int) -> ArraySlice<Float> {
        embeddings[row * dimension..<(row + 1) * dimension]
    }
}
