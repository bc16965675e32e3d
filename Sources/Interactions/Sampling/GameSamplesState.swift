extension GameSamples {
    /// Bytes that ``init(serialized:)`` reads: a header, the coalitions' words, the embeddings, and a checksum;
    /// little-endian.
    package func serialized() -> [UInt8] {
        var bytes: [UInt8] = Array("FXGS".utf8)
        let words = (players + 63) / 64
        bytes.reserveCapacity(32 + count * (words * 8 + dimension * 4))
        for value in [UInt64(1), UInt64(players), UInt64(dimension), UInt64(count)] { Self.append(value, to: &bytes) }
        for coalition in coalitions {
            for index in 0..<words { Self.append(coalition.word(index), to: &bytes) }
        }
        for value in embeddings { Self.append(value.bitPattern, to: &bytes) }
        Self.append(Self.checksum(bytes[...]), to: &bytes)
        return bytes
    }

    /// Reads what ``serialized()`` wrote.
    ///
    /// - Throws: ``InteractionError/corruptState(_:)``, without trusting any size found in the bytes.
    package init(serialized bytes: [UInt8]) throws(InteractionError) {
        guard bytes.count >= 44, Array(bytes[..<4]) == Array("FXGS".utf8) else {
            throw .corruptState("not a stored game (no header)")
        }
        let body = bytes.count - 8
        guard Self.read(UInt64.self, bytes, at: body) == Self.checksum(bytes[..<body]) else {
            throw .corruptState("the checksum does not match: the file is damaged or cut off")
        }
        let header = (0..<4).map { Self.read(UInt64.self, bytes, at: 4 + 8 * $0) }
        guard header[0] == 1 else { throw .corruptState("version \(header[0]) is not known") }
        guard header[1] >= 1, header[1] <= 1 << 20, header[2] >= 1, header[2] <= 1 << 20, header[3] <= 1 << 32 else {
            throw .corruptState("impossible sizes")
        }
        let (players, dimension, count) = (Int(header[1]), Int(header[2]), Int(header[3]))
        let words = (players + 63) / 64
        let (size, overflow) = count.multipliedReportingOverflow(by: words * 8 + dimension * 4)
        guard !overflow, body - 36 == size else {
            throw .corruptState("the sizes in the header do not match the length")
        }
        var coalitions: [Coalition] = []
        coalitions.reserveCapacity(count)
        var offset = 36
        let lastBits = players - (words - 1) * 64
        for _ in 0..<count {
            var coalition = Coalition(empty: players)
            for index in 0..<words {
                let word = Self.read(UInt64.self, bytes, at: offset)
                guard index < words - 1 || lastBits == 64 || word >> UInt64(lastBits) == 0 else {
                    throw .corruptState("a coalition has more players than the game")
                }
                coalition.word(index, becomes: word)
                offset += 8
            }
            coalitions.append(coalition)
        }
        var embeddings: [Float] = []
        embeddings.reserveCapacity(count * dimension)
        for _ in 0..<count * dimension {
            embeddings.append(Float(bitPattern: Self.read(UInt32.self, bytes, at: offset)))
            offset += 4
        }
        self.init(players: players, dimension: dimension)
        try append(coalitions, embeddings: embeddings)
        guard self.count == count else { throw .corruptState("a coalition appears twice") }
    }

    private static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func read<Value: FixedWidthInteger>(_ type: Value.Type, _ bytes: [UInt8], at offset: Int) -> Value {
        bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self)) }
    }

    /// FNV-1a, 64 bits.
    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
