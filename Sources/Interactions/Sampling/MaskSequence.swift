/// An endless sequence of random coalitions in which each player is present with probability `p`, independently.
///
/// Coalition k depends on (seed, modality, node, k) and the players alone: not on how many were asked for
/// at a time, nor on threads.
package struct MaskSequence: Sendable, Equatable {
    package let players: Int
    package let probability: Double
    /// Each coalition at an even index is followed by its complement.
    package let paired: Bool
    private let key: SIMD2<UInt32>
    private let stream: UInt32

    /// - Throws: ``InteractionError/invalidParameter(name:message:)`` where `probability` is not inside (0, 1),
    ///   or where `paired` is asked for at a probability other than 0.5.
    package init(
        players: Int, probability: Double, seed: UInt64, modality: Modality, node: Int = 0, paired: Bool = false
    ) throws(InteractionError) {
        guard probability > 0, probability < 1 else {
            throw .invalidParameter(name: "p", message: "must lie between 0 and 1, both excluded, not \(probability)")
        }
        guard !paired || probability == 0.5 else {
            throw .invalidParameter(
                name: "paired", message: "needs p = 0.5 (a complement has probability 1 − p), not p = \(probability)")
        }
        self.players = players
        self.probability = probability
        self.paired = paired
        key = SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32))
        stream = UInt32(modality.rawValue) << 24 | UInt32(node & 0xFF_FFFF)
    }

    package subscript(index: Int) -> Coalition {
        if paired && index & 1 == 1 { return self[index - 1].complement }
        var result = Coalition(empty: players)
        // 0.5 · 2^32 is exact, so p = 0.5 is fair to the last bit.
        let threshold = UInt64((probability * 4_294_967_296).rounded())
        for first in stride(from: 0, to: players, by: 4) {
            let counter = SIMD4(
                UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32), UInt32(first / 4), stream)
            let random = Philox.block(counter: counter, key: key)
            for lane in 0..<min(4, players - first) where UInt64(random[lane]) < threshold {
                result.insert(first + lane)
            }
        }
        return result
    }
}

/// Philox4x32-10, a counter-based random generator (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as
/// easy as 1, 2, 3", SC 2011): each block of 128 bits is a function of a key and a counter alone.
enum Philox {
    static func block(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
        var c = counter
        var k = key
        for round in 0..<10 {
            if round > 0 { k &+= SIMD2(0x9E37_79B9, 0xBB67_AE85) }
            let first = UInt64(c.x) * 0xD251_1F53
            let second = UInt64(c.z) * 0xCD9E_8D57
            c = SIMD4(
                UInt32(truncatingIfNeeded: second >> 32) ^ c.y ^ k.x, UInt32(truncatingIfNeeded: second),
                UInt32(truncatingIfNeeded: first >> 32) ^ c.w ^ k.y, UInt32(truncatingIfNeeded: first))
        }
        return c
    }
}
