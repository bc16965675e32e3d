extension GameSamples {
    /// Bytes that ``init(serialized:)`` reads: sizes, the coalitions' words, and the embeddings.
    package func serialized() -> [UInt8] {
        let words = (players + 63) / 64
        var writer = StateWriter(mark: "FXGS", capacity: 44 + count * (words * 8 + dimension * 4))
        for value in [UInt64(1), UInt64(players), UInt64(dimension), UInt64(count)] { writer.append(value) }
        for coalition in coalitions {
            for index in 0..<words { writer.append(coalition.word(index)) }
        }
        writer.append(embeddings)
        return writer.finished()
    }

    /// Reads what ``serialized()`` wrote.
    ///
    /// - Throws: ``InteractionError/corruptState(_:)``, without trusting any size found in the bytes.
    package init(serialized bytes: [UInt8]) throws(InteractionError) {
        var reader = try StateReader(bytes, mark: "FXGS", name: "a stored game")
        let version = try reader.next(UInt64.self)
        guard version == 1 else { throw .corruptState("version \(version) is not known") }
        var sizes: [UInt64] = []
        for _ in 0..<3 { sizes.append(try reader.next(UInt64.self)) }
        guard sizes[0] >= 1, sizes[0] <= 1 << 20, sizes[1] >= 1, sizes[1] <= 1 << 20, sizes[2] <= 1 << 32 else {
            throw .corruptState("impossible sizes")
        }
        let (players, dimension, count) = (Int(sizes[0]), Int(sizes[1]), Int(sizes[2]))
        let words = (players + 63) / 64
        let (size, overflow) = count.multipliedReportingOverflow(by: words * 8 + dimension * 4)
        guard !overflow, reader.remaining == size else {
            throw .corruptState("the sizes in the header do not match the length")
        }
        var coalitions: [Coalition] = []
        coalitions.reserveCapacity(count)
        let lastBits = players - (words - 1) * 64
        for _ in 0..<count {
            var coalition = Coalition(empty: players)
            for index in 0..<words {
                let word = try reader.next(UInt64.self)
                guard index < words - 1 || lastBits == 64 || word >> UInt64(lastBits) == 0 else {
                    throw .corruptState("a coalition has more players than the game")
                }
                coalition.word(index, becomes: word)
            }
            coalitions.append(coalition)
        }
        let embeddings = try reader.floats(count * dimension)
        self.init(players: players, dimension: dimension)
        try append(coalitions, embeddings: embeddings)
        guard self.count == count else { throw .corruptState("a coalition appears twice") }
    }
}
