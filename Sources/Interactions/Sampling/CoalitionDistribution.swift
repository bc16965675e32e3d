import Foundation

/// What coalitions of all players are drawn from.
package enum CoalitionDistribution: Sendable, Equatable {
    /// Every player present with this probability.
    case bernoulli(Double)
    /// Sizes 1…n−1 with the Shapley kernel's weight, players alike.
    case shapley
}

/// The Shapley kernel over the coalitions of n players: a coalition of size s weighs 1/C(n−2, s−1), the full and the
/// empty one nothing. The C(n, s) coalitions of a size weigh n(n−1)/(s(n−s)) together.
struct ShapleyKernel: Sendable, Equatable {
    let players: Int
    /// 1/(s(n−s)) for the sizes 1…n−1.
    private let sizes: [Double]
    private let total: Double

    /// - Precondition: `players >= 2`.
    init(players: Int) {
        self.players = players
        sizes = (1..<players).map { 1 / (Double($0) * Double(players - $0)) }
        total = sizes.reduce(0, +)
    }

    /// ln 1/C(n−2, s−1) of the sizes 0…n; −∞ for the two ends.
    static func logWeights(players n: Int) -> [Double] {
        (0...n).map { s in
            s == 0 || s == n ? -Double.infinity : lgamma(Double(s)) + lgamma(Double(n - s)) - lgamma(Double(n - 1))
        }
    }

    /// The natural logarithm of the probability of drawing one coalition of the sizes 0…n.
    var logDensities: [Double] {
        let all = log(Double(players) * Double(players - 1) * total)
        return Self.logWeights(players: players).map { $0 - all }
    }

    /// A coalition drawn with the kernel's weight.
    func coalition(_ generator: inout CounterGenerator) -> Coalition {
        var rest = generator.uniform() * total
        var size = 1
        while size < players - 1, rest >= sizes[size - 1] {
            rest -= sizes[size - 1]
            size += 1
        }
        var order = Array(0..<players)
        for k in 0..<size { order.swapAt(k, k + Int(generator.uniform() * Double(players - k))) }
        return Coalition(order[..<size], of: players)
    }
}

/// Uniform numbers from successive Philox blocks.
struct CounterGenerator {
    private let key: SIMD2<UInt32>
    private let stream: UInt32
    private let sequence: UInt32
    private var index: UInt64 = 0

    /// - Parameter sequence: which of a stream's sequences of numbers.
    init(seed: UInt64, stream: UInt32, sequence: UInt32 = 0) {
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        self.stream = stream
        self.sequence = sequence
    }

    /// In [0, 1), 53 bits.
    mutating func uniform() -> Double {
        let block = Philox.block(
            counter: SIMD4(
                UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), sequence, stream), key: key)
        index += 1
        return Double((UInt64(block.x) << 32 | UInt64(block.y)) >> 11) * 0x1p-53
    }
}
