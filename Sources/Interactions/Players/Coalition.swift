/// A set of players out of `count`, one bit each: the mask z of a masked image or text, 1 = present.
package struct Coalition: Hashable, Sendable {
    /// The number of players in the game.
    package let count: Int
    /// Players 0 to 255.
    private var low: SIMD4<UInt64>
    /// Players from 256 on, 64 per word.
    private var high: [UInt64]

    /// The empty coalition of `count` players.
    package init(empty count: Int) {
        self.count = count
        low = .zero
        high = count > 256 ? [UInt64](repeating: 0, count: (count - 256 + 63) / 64) : []
    }

    /// The coalition of all `count` players.
    package init(full count: Int) {
        self.init(empty: count)
        for word in 0..<wordCount {
            let bits = min(64, count - word * 64)
            self.word(word, becomes: bits == 64 ? .max : (1 << UInt64(bits)) - 1)
        }
    }

    /// The coalition of the players listed.
    ///
    /// - Precondition: each is in `0..<count`.
    package init(_ members: some Sequence<Int>, of count: Int) {
        self.init(empty: count)
        for player in members { insert(player) }
    }

    /// The coalition whose player i is bit i of a number.
    ///
    /// - Precondition: `count <= 63` and `bits < 2^count`.
    package init(bits: Int, of count: Int) {
        precondition(count <= 63 && bits >= 0 && bits >> count == 0, "the bits do not fit \(count) players")
        self.init(empty: count)
        low[0] = UInt64(bits)
    }

    /// The number of 64-bit words that hold the players.
    package var wordCount: Int { (count + 63) / 64 }

    /// Players `64 · index` to `64 · index + 63`, lowest first; bits beyond the last player are 0.
    package func word(_ index: Int) -> UInt64 {
        index < 4 ? low[index] : high[index - 4]
    }

    mutating func word(_ index: Int, becomes value: UInt64) {
        if index < 4 { low[index] = value } else { high[index - 4] = value }
    }

    package func contains(_ player: Int) -> Bool {
        precondition(player >= 0 && player < count, "player \(player) of \(count)")
        return (word(player >> 6) >> UInt64(player & 63)) & 1 == 1
    }

    package mutating func insert(_ player: Int) {
        precondition(player >= 0 && player < count, "player \(player) of \(count)")
        word(player >> 6, becomes: word(player >> 6) | 1 << UInt64(player & 63))
    }

    package mutating func remove(_ player: Int) {
        precondition(player >= 0 && player < count, "player \(player) of \(count)")
        word(player >> 6, becomes: word(player >> 6) & ~(1 << UInt64(player & 63)))
    }

    /// The number of players present, |z|.
    package var size: Int {
        var total = 0
        for index in 0..<wordCount { total += word(index).nonzeroBitCount }
        return total
    }

    package var isEmpty: Bool { low == .zero && high.allSatisfy { $0 == 0 } }
    package var isFull: Bool { size == count }

    /// The players who are absent.
    package var complement: Coalition {
        var result = Coalition(full: count)
        for index in 0..<wordCount { result.word(index, becomes: result.word(index) & ~word(index)) }
        return result
    }

    /// The number of players in both coalitions.
    package func overlap(with other: Coalition) -> Int {
        precondition(count == other.count, "coalitions of different games")
        var total = 0
        for index in 0..<wordCount { total += (word(index) & other.word(index)).nonzeroBitCount }
        return total
    }

    /// A coalition of image and text players as one of each side.
    ///
    /// - Precondition: `imagePlayers`, which come first, are in `0...count`.
    package func split(at imagePlayers: Int) -> (image: Coalition, text: Coalition) {
        var image = Coalition(empty: imagePlayers)
        var text = Coalition(empty: count - imagePlayers)
        for player in members {
            if player < imagePlayers { image.insert(player) } else { text.insert(player - imagePlayers) }
        }
        return (image, text)
    }

    /// The players of a range, numbered from its beginning.
    ///
    /// - Precondition: the range is within `0..<count`.
    package func slice(_ range: Range<Int>) -> Coalition {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "players \(range) of \(count)")
        var result = Coalition(empty: range.count)
        for player in members where range.contains(player) { result.insert(player - range.lowerBound) }
        return result
    }

    /// The players present, ascending.
    package var members: [Int] {
        var result: [Int] = []
        result.reserveCapacity(size)
        for index in 0..<wordCount {
            var rest = word(index)
            while rest != 0 {
                result.append(index * 64 + rest.trailingZeroBitCount)
                rest &= rest - 1
            }
        }
        return result
    }

    /// One byte per player, 1 = present.
    package var presence: [UInt8] {
        (0..<count).map { contains($0) ? 1 : 0 }
    }
}
