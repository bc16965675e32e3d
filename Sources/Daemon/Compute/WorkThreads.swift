import Foundation
import JSONRPC

/// A few threads for blocking work that is no encoding: reading and decoding files, loading models, solving estimates.
/// Swift's cooperative pool must stay free for answering. Clients take turns.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
final class WorkThreads: @unchecked Sendable {
    private struct Job: Sendable {
        let client = Client.current
        /// Its place in the count of arrivals and turns.
        var arrival = 0.0
        let run: @Sendable () -> Void
        /// Answers the one who waits, without running it.
        let drop: @Sendable () -> Void
    }

    private let condition = NSCondition()
    /// What waits, in order of arrival, by client; a client with nothing is not in it.
    private var jobs: [ConnectionID?: [Job]] = [:]
    private var turns = ClientTurns()
    /// Arrivals and turns so far.
    private var count = 0.0
    private var isStopped = false
    /// What a request's time on these threads is booked as.
    private let stage: String

    init(name: String, stage: String, count: Int) {
        self.stage = stage
        for index in 0..<count { startThread("\(name)-\(index)") { [self] in work() } }
    }

    /// Jobs that no thread has taken.
    var waiting: Int { condition.withLock { jobs.values.reduce(0) { $0 + $1.count } } }

    /// Runs `body` on one of the threads.
    /// - Throws: what `body` throws; `CancellationError` when the task was cancelled, or the threads stopped, before
    ///   its turn came.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let cancellation = CancellationFlag()
        let stages = RequestStages.current
        let arrival = ContinuousClock.now
        let stage = stage
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                var job = Job {
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
                    count += 1
                    job.arrival = count
                    jobs[job.client, default: []].append(job)
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
            defer { jobs = [:] }
            return jobs.values.joined().map(\.drop)
        }
        for drop in dropped { drop() }
    }

    /// With `condition` locked: the job that has waited longest since its client's last turn.
    private func takeJob() -> Job? {
        let first = jobs.values.compactMap(\.first).min {
            turns.start(of: $0.client, arrival: $0.arrival) < turns.start(of: $1.client, arrival: $1.arrival)
        }
        guard let first else { return nil }
        jobs[first.client]?.removeFirst()
        count += 1
        turns.took(first.client, at: count)
        if jobs[first.client]?.isEmpty == true {
            jobs[first.client] = nil
            turns.keep { jobs[$0] != nil }
        }
        return first
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty && !isStopped { condition.wait() }
            let job = takeJob()
            condition.unlock()
            guard let job else { return }
            job.run()
        }
    }
}
