/// Whether nobody wants a result any more, asked between pieces of its computation that take some milliseconds.
public struct Cancellation: Sendable {
    private let isCancelled: @Sendable () -> Bool

    public init(_ isCancelled: @escaping @Sendable () -> Bool) { self.isCancelled = isCancelled }

    /// The cancellation of a computation that always runs to its end.
    public static let never = Cancellation { false }

    /// - Throws: `CancellationError` where the result is not wanted.
    public func check() throws {
        if isCancelled() { throw CancellationError() }
    }

    /// Cuts `0..<count` so that no piece is more than some ten milliseconds of a matrix product on one core, and asks
    /// before each.
    ///
    /// - Parameters:
    ///   - operations: multiplications for each of the `count`.
    ///   - least: how many a piece has at least, below which a product is slow.
    public func forEachPiece(
        of count: Int, operations: Int, least: Int = 32, _ body: (Range<Int>) throws -> Void
    ) throws {
        let size = max(least, Self.operations / max(operations, 1))
        for start in stride(from: 0, to: count, by: size) {
            try check()
            try body(start..<min(start + size, count))
        }
    }

    /// Multiplications in one piece.
    private static let operations = 1 << 28
}
