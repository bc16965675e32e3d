import Foundation
import JSONRPC

/// A few threads for blocking work that is no encoding: reading and decoding files, loading models, solving estimates.
/// Swift's cooperative pool must stay free for answering.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
final class WorkThreads: @unchecked Sendable {
    private struct Job: Sendable {
        let run: @Sendable () -> Void
        /// Answers the one who waits, without running it.
        let drop: @Sendable () -> Void
    }

    private let condition = NSCondition()
    private var jobs: [Job] = []
    private var isStopped = false
    /// What a request's time on these threads is booked as.
    private let stage: String

    init(name: String, stage: String, count: Int) {
        self.stage = stage
        for index in 0..<count { startThread("\(name)-\(index)") { [self] in work() } }
    }

    /// Runs `body` on one of the threads.
    /// - Throws: what `body` throws; `CancellationError` when the task was cancelled, or the threads stopped, before its
    ///   turn came.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let cancellation = CancellationFlag()
        let stages = RequestStages.current
        let arrival = ContinuousClock.now
        let stage = stage
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let job = Job {
                    guard !cancellation.isSet else { return continuation.resume(throwing: CancellationError()) }
                    let start = ContinuousClock.now
                    let outcome = Result { try body() }
                    stages?.add("queue", start - arrival)
                    stages?.add(stage, ContinuousClock.now - start)
                    continuation.resume(with: outcome)
                } drop: {
                    continuation.resume(throwing: CancellationError())
                }
                let isTaken = condition.withLock {
                    guard !isStopped else { return false }
                    jobs.append(job)
                    condition.signal()
                    return true
                }
                if !isTaken { job.drop() }
            }
        } onCancel: {
            cancellation.set()
        }
    }

    /// Ends the threads after the jobs in hand; those that wait are not begun.
    func stop() {
        let dropped = condition.withLock {
            isStopped = true
            condition.broadcast()
            defer { jobs = [] }
            return jobs
        }
        for job in dropped { job.drop() }
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty && !isStopped { condition.wait() }
            let job = jobs.isEmpty ? nil : jobs.removeFirst()
            condition.unlock()
            guard let job else { return }
            job.run()
        }
    }
}
