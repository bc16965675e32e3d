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
