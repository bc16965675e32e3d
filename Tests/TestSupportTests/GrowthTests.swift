import TestSupport
import Testing

@Suite(.timeLimit(.minutes(10)))
struct GrowthTests {
    /// Work that the compiler cannot leave out.
    private func work(_ steps: Int) -> UInt64 {
        var generator = SeededGenerator(seed: 1)
        return (0..<steps).reduce(0) { sum, _ in sum ^ generator.next() }
    }

    @Test("work that grows with the square of its size is found")
    func quadratic() {
        var sum: UInt64 = 0
        let growth = Growth.ofSuperlinear(size: 4000) { sum ^= work($0 * $0) }
        #expect(growth != nil && sum != 0)
    }

    @Test("work in proportion to its size is not")
    func linear() {
        var sum: UInt64 = 0
        #expect(Growth.ofSuperlinear(size: 10_000_000) { sum ^= work($0) } == nil, "\(sum)")
    }
}
