import Foundation
import JSONRPC
import Synchronization

/// A flag that one side sets and another looks at.
package final class CancellationFlag: Sendable {
    private let value = Atomic(false)

    package init() {}

    package var isSet: Bool { value.load(ordering: .acquiring) }
    package func set() { value.store(true, ordering: .releasing) }
}

/// A job's hold on one of the ``WorkThreads``. Long work asks it every few milliseconds whether to go on; meanwhile,
/// others may have their turn.
package struct WorkTurn: Sendable {
    /// Whether nobody waits for the result any more. Returns late where other clients wait and the job has had its
    /// slice of time: they go first.
    package let isCancelled: @Sendable () -> Bool

    /// The same, for work that several threads share: it gives no turn away, so that each of them may ask.
    package let isAbandoned: @Sendable () -> Bool

    /// - Throws: `CancellationError` where nobody waits for the result any more.
    package func check() throws {
        if isCancelled() { throw CancellationError() }
    }
}

/// Threads for work that is not encoding: reading and decoding files, tokenizing, loading models, solving, drawing.
/// Swift's cooperative pool must stay free for answering.
///
/// Clients take turns, also in the middle of a job: one that asks its ``WorkTurn`` gives way after some milliseconds
/// while another client waits, and goes on when it is its turn again. So a client waits for a slice of each of the
/// others, however long their jobs are. At most `count` jobs compute at a time. More may have begun, at most `begun`,
/// half of them one client's, because what has begun holds memory.
///
/// `@unchecked Sendable` holds because every mutable member is touched only with `lock` locked.
package final class WorkThreads: @unchecked Sendable {
    private struct Job: Sendable {
        let run: @Sendable (WorkTurn) -> Void
        /// Answers the one who waits, without running it.
        let drop: @Sendable () -> Void
        let cancellation: CancellationFlag
    }

    private struct Waiting: Sendable {
        enum Work: Sendable {
            case begin(Job)
            case resume(DispatchSemaphore, CancellationFlag)
        }

        let client: ConnectionID?
        /// The job's place in the count of arrivals and turns.
        let arrival: Double
        let work: Work

        var isNew: Bool {
            if case .begin = work { true } else { false }
        }
    }

    /// How long a job computes while other clients wait.
    private static let slice = Duration.milliseconds(5)

    private let lock = NSLock()
    /// What waits, by client, in order of arrival and what has begun first; a client with nothing is not in it.
    private var queues: [ConnectionID?: [Waiting]] = [:]
    private var turns = ClientTurns()
    /// Arrivals and turns so far.
    private var clock = 0.0
    /// Jobs that compute.
    private var running = 0
    /// Jobs that compute or have given way, by client.
    private var begun: [ConnectionID?: Int] = [:]
    /// Jobs for the next threads that are free.
    private var handedOver: [(client: ConnectionID?, job: Job)] = []
    private let handover = DispatchSemaphore(value: 0)
    private var threads = 0
    private var isStopped = false

    private let name: String
    /// What a request's time on these threads is booked as.
    private let stage: String
    private let count: Int
    private let mostBegun: Int

    /// - Parameters:
    ///   - count: jobs that compute at a time.
    ///   - begun: jobs that may have begun; `count` where a job cannot give way.
    package init(name: String, stage: String, count: Int, begun: Int? = nil) {
        self.name = name
        self.stage = stage
        self.count = count
        mostBegun = max(count, begun ?? count)
    }

    /// Jobs that have not begun.
    package var waiting: Int {
        lock.withLock { queues.values.reduce(0) { $0 + $1.count(where: \.isNew) } }
    }

    /// Runs `body` on one of the threads.
    /// - Throws: what `body` throws; `CancellationError` at once when the task is cancelled, or where the threads have
    ///   stopped. A job that had begun then ends when it next asks its turn, and nobody waits for it.
    package func run<Value: Sendable>(_ body: @escaping @Sendable (WorkTurn) throws -> Value) async throws -> Value {
        let cancellation = CancellationFlag()
        let stages = RequestStages.current
        let arrival = ContinuousClock.now
        let (client, stage) = (Client.current, stage)
        let answer = Answer<Value>()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                answer.wait(continuation)
                let job = Job(
                    run: { turn in
                        let start = ContinuousClock.now
                        let outcome = Result { try body(turn) }
                        stages?.add("queue", start - arrival)
                        stages?.add(stage, ContinuousClock.now - start)
                        answer.give(outcome)
                    }, drop: { answer.give(.failure(CancellationError())) }, cancellation: cancellation)
                if !submit(job, of: client) { job.drop() }
            }
        } onCancel: {
            cancellation.set()
            dropCancelled(of: client)
            answer.give(.failure(CancellationError()))
        }
    }

    /// Ends the threads after the jobs in hand, which are told that they are cancelled; those that wait are not begun.
    package func stop() {
        let dropped = lock.withLock {
            isStopped = true
            let waiting = queues.values.joined()
            queues = [:]
            var drops: [@Sendable () -> Void] = []
            for entry in waiting {
                switch entry.work {
                case .begin(let job): drops.append(job.drop)
                case .resume(let semaphore, _):
                    running += 1
                    semaphore.signal()
                }
            }
            for _ in 0..<threads { handover.signal() }
            return drops
        }
        for drop in dropped { drop() }
    }

    /// - Returns: false when the threads have stopped.
    private func submit(_ job: Job, of client: ConnectionID?) -> Bool {
        lock.withLock {
            guard !isStopped else { return false }
            clock += 1
            queues[client, default: []].append(Waiting(client: client, arrival: clock, work: .begin(job)))
            grant()
            return true
        }
    }

    /// Answers jobs that were cancelled before they began; those that gave way go on at once to find it out.
    private func dropCancelled(of client: ConnectionID?) {
        let dropped = lock.withLock {
            guard let queue = queues[client] else { return [] as [Job] }
            var dropped: [Job] = []
            let left = queue.filter { entry in
                switch entry.work {
                case .begin(let job) where job.cancellation.isSet: dropped.append(job)
                case .resume(let semaphore, let cancellation) where cancellation.isSet:
                    running += 1
                    semaphore.signal()
                default: return true
                }
                return false
            }
            queues[client] = left.isEmpty ? nil : left
            return dropped
        }
        for job in dropped { job.drop() }
    }

    /// With `lock` locked: lets those compute whose turn it is, as long as there is a thread for them.
    private func grant() {
        while running < count, let next = takeNext() {
            running += 1
            switch next.work {
            case .resume(let semaphore, _): semaphore.signal()
            case .begin(let job):
                begun[next.client, default: 0] += 1
                handedOver.append((next.client, job))
                // There are as many threads as jobs that have begun, so that each job has one.
                if begun.values.reduce(0, +) > threads {
                    startThread("\(name)-\(threads)") { [self] in work() }
                    threads += 1
                }
                handover.signal()
            }
        }
    }

    /// With `lock` locked: what has waited longest since its client's last turn.
    private func takeNext() -> Waiting? {
        let first = queues.values.compactMap(\.first).filter(mayCompute).min {
            turns.start(of: $0.client, arrival: $0.arrival) < turns.start(of: $1.client, arrival: $1.arrival)
        }
        guard let first else { return nil }
        queues[first.client]?.removeFirst()
        clock += 1
        turns.took(first.client, at: clock)
        if queues[first.client]?.isEmpty == true {
            queues[first.client] = nil
            turns.keep { queues[$0] != nil }
        }
        return first
    }

    private func mayCompute(_ entry: Waiting) -> Bool {
        guard entry.isNew else { return true }
        return begun.values.reduce(0, +) < mostBegun && begun[entry.client, default: 0] < max(count, mostBegun / 2)
    }

    private func work() {
        while true {
            handover.wait()
            let next = lock.withLock { handedOver.isEmpty ? nil : handedOver.removeFirst() }
            // Woken for nothing, the threads have stopped.
            guard let (client, job) = next else { return }
            let start = Mutex(ContinuousClock.now)
            if job.cancellation.isSet {
                job.drop()
            } else {
                let isAbandoned = { @Sendable [self] in job.cancellation.isSet || lock.withLock { isStopped } }
                job.run(
                    WorkTurn(
                        isCancelled: { [self] in
                            if job.cancellation.isSet { return true }
                            if ContinuousClock.now - start.withLock({ $0 }) > Self.slice {
                                giveWay(client, job.cancellation)
                                start.withLock { $0 = .now }
                            }
                            return isAbandoned()
                        }, isAbandoned: isAbandoned))
            }
            lock.withLock {
                running -= 1
                begun[client, default: 0] -= 1
                if begun[client] == 0 { begun[client] = nil }
                grant()
            }
        }
    }

    /// Lets other clients have their turn, if any wait, and returns when it is this one's again.
    private func giveWay(_ client: ConnectionID?, _ cancellation: CancellationFlag) {
        let semaphore: DispatchSemaphore? = lock.withLock {
            let others = queues.contains { $0.key != client && $0.value.first.map(mayCompute) == true }
            guard others, !isStopped else { return nil }
            let semaphore = DispatchSemaphore(value: 0)
            clock += 1
            queues[client, default: []].insert(
                Waiting(client: client, arrival: clock, work: .resume(semaphore, cancellation)), at: 0)
            running -= 1
            grant()
            return semaphore
        }
        semaphore?.wait()
    }
}

/// What one waits for, given once: by the job, or by the cancellation that comes before it.
private final class Answer<Value: Sendable>: Sendable {
    private enum State {
        case nobodyWaits
        case waiting(CheckedContinuation<Value, any Error>)
        case given(Result<Value, any Error>)
        case taken
    }

    private let state = Mutex(State.nobodyWaits)

    func wait(_ continuation: CheckedContinuation<Value, any Error>) {
        let early: Result<Value, any Error>? = state.withLock { state in
            if case .given(let result) = state {
                state = .taken
                return result
            }
            state = .waiting(continuation)
            return nil
        }
        if let early { continuation.resume(with: early) }
    }

    func give(_ result: Result<Value, any Error>) {
        let waiter: CheckedContinuation<Value, any Error>? = state.withLock { state in
            switch state {
            case .nobodyWaits:
                state = .given(result)
                return nil
            case .waiting(let continuation):
                state = .taken
                return continuation
            case .given, .taken: return nil
            }
        }
        waiter?.resume(with: result)
    }
}
