import Foundation

/// A few threads for blocking work that is no encoding: reading and decoding files, loading models, solving estimates.
/// Swift's cooperative pool must stay free for answering.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `condition` locked.
final class WorkThreads: @unchecked Sendable {
    private let condition = NSCondition()
    private var jobs: [@Sendable () -> Void] = []
    private var isStopped = false

    init(name: String, count: Int) {
        for index in 0..<count {
            let thread = Thread { [self] in work() }
            thread.name = "\(name)-\(index)"
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    /// Runs `body` on one of the threads.
    /// - Throws: what `body` throws; `CancellationError` when the task was cancelled before its turn came.
    func run<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        let cancellation = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                condition.withLock {
                    guard !isStopped else { return continuation.resume(throwing: CancellationError()) }
                    jobs.append {
                        guard !cancellation.isSet else { return continuation.resume(throwing: CancellationError()) }
                        continuation.resume(with: Result { try body() })
                    }
                    condition.signal()
                }
            }
        } onCancel: {
            cancellation.set()
        }
    }

    /// Ends the threads once the jobs that wait are done.
    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
        }
    }

    private func work() {
        while true {
            condition.lock()
            while jobs.isEmpty && !isStopped { condition.wait() }
            let job = jobs.isEmpty ? nil : jobs.removeFirst()
            condition.unlock()
            guard let job else { return }
            job()
        }
    }
}
