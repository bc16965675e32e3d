import Synchronization

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
