import FIxLIPProtocol
import Synchronization

/// Ends a refinement from outside: a stop, a deadline, or the request's cancellation, whichever comes first.
final class RefinementControl: Sendable {
    enum Ending: Sendable, Equatable {
        case reason(FIxLIPProtocol.StopReason)
        case cancelled
    }

    private struct State {
        var ending: Ending?
        var encoding: Task<Bool, any Error>?
        var isInterruptible = true
    }

    private let state = Mutex(State())

    /// Why it ends, if it does.
    var ending: Ending? { state.withLock { $0.ending } }

    /// The first call counts, except that a cancellation overrides; the masks being encoded are finished, the rest of
    /// them left out.
    func end(_ ending: Ending) {
        let encoding = state.withLock { state in
            if state.ending == nil || ending == .cancelled { state.ending = ending }
            return state.isInterruptible || ending == .cancelled ? state.encoding : nil
        }
        encoding?.cancel()
    }

    /// Runs an encoding that `end` cuts short; one that is not interruptible only a cancelled request does.
    /// - Returns: false if it was.
    func run(interruptible: Bool, _ body: @escaping @Sendable () async throws -> Bool) async throws -> Bool {
        let task = Task { try await body() }
        let isEnding = state.withLock { state in
            state.encoding = task
            state.isInterruptible = interruptible
            return interruptible ? state.ending != nil : state.ending == .cancelled
        }
        if isEnding { task.cancel() }
        defer { state.withLock { $0.encoding = nil } }
        return try await task.value
    }
}
