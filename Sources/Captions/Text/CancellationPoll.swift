/// Asks every few milliseconds of a reader's work whether it is still wanted.
///
/// Readers tell how many bytes they went over; a reader takes some ten nanoseconds a byte.
final class CancellationPoll {
    private static let interval = 16_384
    private let isCancelled: () -> Bool
    private var budget = CancellationPoll.interval

    init(_ isCancelled: @escaping () -> Bool) { self.isCancelled = isCancelled }

    /// - Throws: `CancellationError` once the caller has cancelled.
    @inline(__always)
    func advance(_ bytes: Int = 1) throws(CancellationError) {
        budget -= bytes
        if budget <= 0 { try ask() }
    }

    private func ask() throws(CancellationError) {
        budget = Self.interval
        if isCancelled() { throw CancellationError() }
    }
}
