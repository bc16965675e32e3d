import FIxLIPProtocol
import Interactions
import Synchronization

/// An estimate that is solved while further masks are encoded.
final class Solve: Sendable {
    private let task: Task<InteractionValues, any Error>
    private let outcome: Outcome

    private final class Outcome: Sendable {
        let duration = Mutex<Duration?>(nil)
    }

    init(_ explanation: Explanation, _ selection: Selection, standardErrors: Bool, on threads: WorkThreads) {
        let outcome = Outcome()
        let start = ContinuousClock.now
        self.outcome = outcome
        task = Task {
            defer { outcome.duration.withLock { $0 = ContinuousClock.now - start } }
            return try await explanation.estimate(selection, standardErrors: standardErrors, on: threads)
        }
    }

    var isFinished: Bool { outcome.duration.withLock { $0 != nil } }
    /// How long it took; zero while it runs.
    var seconds: Double { outcome.duration.withLock { ($0 ?? .zero) / .seconds(1) } }
    var value: InteractionValues { get async throws { try await task.value } }
    func cancel() { task.cancel() }
}
