/// Where long work asks whether somebody still waits for it: every few milliseconds.
package struct Checkpoint {
    private let isCancelled: () -> Bool

    /// Calls `body` with a checkpoint that asks `isCancelled`.
    static func withQuestion<Result, Failure: Error>(
        _ isCancelled: () -> Bool, _ body: (Checkpoint) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try withoutActuallyEscaping(isCancelled) { isCancelled throws(Failure) in
            try body(Checkpoint(isCancelled: isCancelled))
        }
    }

    /// Work that nobody can cancel.
    package static func uncancelled<Result>(_ body: (Checkpoint) throws(CancellationError) -> Result) -> Result {
        do throws(CancellationError) {
            return try body(Checkpoint(isCancelled: { false }))
        } catch {
            preconditionFailure("work was cancelled by nobody")
        }
    }

    /// - Throws: `CancellationError` once nobody waits any more.
    func pass() throws(CancellationError) {
        if isCancelled() { throw CancellationError() }
    }
}
