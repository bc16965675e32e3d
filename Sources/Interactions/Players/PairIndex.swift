/// Unordered pairs of `count` players in row-major upper order: (0,1), (0,2), …, (n−2,n−1).
package struct PairIndex: Sendable, Equatable {
    package let players: Int

    package init(players: Int) { self.players = players }

    /// The number of pairs, n(n−1)/2.
    package var count: Int { players * (players - 1) / 2 }

    /// The position of pair {i, j}, i ≠ j.
    package func position(_ i: Int, _ j: Int) -> Int {
        precondition(
            i != j && i >= 0 && j >= 0 && i < players && j < players, "no pair (\(i), \(j)) of \(players) players")
        let (a, b) = i < j ? (i, j) : (j, i)
        return a * (2 * players - a - 1) / 2 + (b - a - 1)
    }

    /// All pairs in order.
    package var all: [(Int, Int)] {
        var result: [(Int, Int)] = []
        result.reserveCapacity(count)
        for i in 0..<max(players, 1) - 1 {
            for j in i + 1..<players { result.append((i, j)) }
        }
        return result
    }
}
