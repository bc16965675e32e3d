import LinearAlgebra

/// A coalition found by a search, with the value the explanation predicts for it, v(z) − v₀.
package struct Subset: Sendable, Equatable {
    package let members: Coalition
    package let predicted: Double

    package var size: Int { members.size }

    /// Whether a subset is to have the largest or the smallest predicted value.
    package enum Objective: Sendable, CaseIterable {
        case max, min
    }
}

extension InteractionValues {
    /// Up to this many players subsets are searched exactly.
    package static var exactSubsetPlayers: Int { 20 }

    /// The coalitions of the given sizes with the largest (or smallest) predicted value.
    ///
    /// Exact up to 20 players; beyond, greedy growth by gain a_v + Σ_{u∈S} a_uv from every start player, the best per
    /// size kept, as in the paper's insertion and deletion curves.
    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` for a size outside `0...players`;
    ///   `CancellationError`.
    /// - Complexity: O(2ⁿ) exact, else O(n³).
    package func subsets(
        sizes: [Int], objective: Subset.Objective, cancellation: Cancellation = .never
    ) throws -> [Subset] {
        for size in sizes where size < 0 || size > players {
            throw InteractionError.invalidParameter(
                name: "size", message: "must lie between 0 and the \(players) players, not \(size)")
        }
        let best =
            players <= Self.exactSubsetPlayers
            ? try exactSubsets(objective, cancellation) : try greedySubsets(objective, cancellation)
        return sizes.map { best[$0] }
    }

    /// The best coalition of every size 0…n.
    private func exactSubsets(_ objective: Subset.Objective, _ cancellation: Cancellation) throws -> [Subset] {
        let n = players
        let sign = objective == .max ? 1.0 : -1.0
        let square = squareMatrix()
        var values = [Double](repeating: 0, count: 1 << n)
        var best = [(value: Double, bits: Int)](repeating: (-.infinity, 0), count: n + 1)
        best[0] = (0, 0)
        for bits in 1..<max(1 << n, 1) {
            if bits % (1 << 14) == 0 { try cancellation.check() }
            let player = bits.trailingZeroBitCount
            var rest = bits & (bits - 1)
            var value = values[rest] + sign * first[player]
            while rest != 0 {
                value += sign * square[player * n + rest.trailingZeroBitCount]
                rest &= rest - 1
            }
            values[bits] = value
            let size = bits.nonzeroBitCount
            if value > best[size].value { best[size] = (value, bits) }
        }
        return best.map { Subset(members: Coalition(bits: $0.bits, of: n), predicted: baseline + sign * $0.value) }
    }

    /// The best coalition per size 0…n that greedy growth from every start player comes by.
    func greedySubsets(_ objective: Subset.Objective, _ cancellation: Cancellation = .never) throws -> [Subset] {
        let n = players
        let sign = objective == .max ? 1.0 : -1.0
        let square = squareMatrix()
        var best = [(value: Double, order: [Int])](repeating: (-.infinity, []), count: n + 1)
        best[0] = (0, [])
        for start in 0..<n {
            try cancellation.check()
            var gains = first.map { $0 * sign }
            var free = [Bool](repeating: true, count: n)
            var order: [Int] = []
            var value = 0.0
            var next = start
            for size in 1...n {
                value += gains[next]
                free[next] = false
                order.append(next)
                if value > best[size].value { best[size] = (value, order) }
                var candidate = -1
                for player in 0..<n {
                    gains[player] += sign * square[next * n + player]
                    if free[player], candidate < 0 || gains[player] > gains[candidate] { candidate = player }
                }
                next = max(candidate, 0)
            }
        }
        return best.map { Subset(members: Coalition($0.order, of: n), predicted: baseline + sign * $0.value) }
    }

    /// a_ij as a full symmetric matrix with a zero diagonal, row-major `[players, players]`.
    func squareMatrix() -> [Double] {
        let n = players
        var result = [Double](repeating: 0, count: n * n)
        guard !pairs.isEmpty else { return result }
        var position = 0
        for i in 0..<n {
            for j in i + 1..<max(n, i + 1) {
                result[i * n + j] = pairs[position]
                result[j * n + i] = pairs[position]
                position += 1
            }
        }
        return result
    }
}
