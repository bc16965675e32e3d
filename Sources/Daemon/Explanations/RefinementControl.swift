import Interactions
import Synchronization

/// Ends a refinement from outside: a stop, a deadline, or the request's cancellation, whichever comes first.
package final class RefinementControl: Sendable {
    package enum Ending: Sendable, Equatable {
        case reason(RefinementEnd)
        case cancelled
    }

    private struct State {
        var ending: Ending?
        var encoding: Task<Bool, any Error>?
        var isInterruptible = true
    }

    private let state = Mutex(State())

    package init() {}

    /// Why it ends, if it does.
    var ending: Ending? { state.withLock { $0.ending } }

    /// The first call counts, except that a cancellation overrides; the masks being encoded are finished, the rest of
    /// them left out.
    package func end(_ ending: Ending) {
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

/// Ends a refinement so that its result comes by a deadline: early by the time that the last estimate took, which the
/// result needs once more.
final class RefinementDeadline: Sendable {
    private let instant: ContinuousClock.Instant
    private let control: RefinementControl
    private let timer = Mutex<Task<Void, Never>?>(nil)

    init(_ instant: ContinuousClock.Instant, ending control: RefinementControl) {
        self.instant = instant
        self.control = control
        leave(.zero)
    }

    /// Says how long the result will take once no more masks are encoded.
    func leave(_ duration: Duration) {
        let task = Task { [instant, control] in
            guard (try? await Task.sleep(until: instant - duration, clock: .continuous)) != nil else { return }
            control.end(.reason(.deadline))
        }
        timer.withLock { timer in
            timer?.cancel()
            timer = task
        }
    }

    func cancel() { timer.withLock { $0?.cancel() } }
}
