import Daemon
import Foundation
import JSONRPC
import Synchronization
import TestSupport
import Testing

private final class Order: Sendable {
    private let clients = Mutex<[UInt64]>([])
    var all: [UInt64] { clients.withLock { $0 } }

    func add(_ client: UInt64) { clients.withLock { $0.append(client) } }
}

@Suite(.timeLimit(.minutes(10))) struct WorkThreadsTests {
    @Test func clientsTakeTurnsInTheOrderInWhichTheyCame() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 1)
        defer { threads.stop() }
        let gate = DispatchSemaphore(value: 0)
        let done = Order()
        var tasks: [Task<Void, any Error>] = []
        await withCheckedContinuation { started in
            tasks.append(
                Task {
                    try await threads.run { _ in
                        started.resume()
                        gate.wait()
                    }
                })
        }
        for (index, client) in ([1, 1, 1, 2, 3, 2] as [UInt64]).enumerated() {
            tasks.append(
                Client.$current.withValue(ConnectionID(client)) {
                    Task { try await threads.run { _ in done.add(client) } }
                })
            try await wait(while: threads.waiting <= index)
        }
        gate.signal()
        for task in tasks { try await task.value }
        #expect(done.all == [1, 2, 3, 1, 2, 1])
    }

    /// Asks until it is told to end, as long work does.
    private func workUntilCancelled(_ turn: WorkTurn) throws -> Int {
        while true { try turn.check() }
    }

    private func submit<Value: Sendable>(
        _ threads: WorkThreads, client: UInt64, _ body: @escaping @Sendable (WorkTurn) throws -> Value
    ) -> Task<Value, any Error> {
        Client.$current.withValue(ConnectionID(client)) { Task { try await threads.run(body) } }
    }

    @Test("a job that goes on for ever gives way to other clients as often as they come, and goes on")
    func longWorkGivesWay() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 1, begun: 4)
        defer { threads.stop() }
        let long = submit(threads, client: 1) { try workUntilCancelled($0) }
        for client: UInt64 in 2...20 {
            #expect(try await submit(threads, client: client) { _ in client }.value == client)
        }
        long.cancel()
        await #expect(throws: CancellationError.self) { try await long.value }
    }

    @Test("one client's long jobs leave room for another's to begin")
    func longWorkOfOneClientLeavesRoom() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 2, begun: 4)
        defer { threads.stop() }
        let long = (0..<10).map { _ in submit(threads, client: 1) { try workUntilCancelled($0) } }
        try await wait(while: threads.waiting < 8)
        #expect(try await submit(threads, client: 2) { _ in 7 }.value == 7)
        #expect(threads.waiting == 8, "no more than two of the ten have begun")
        for job in long { job.cancel() }
        for job in long { await #expect(throws: CancellationError.self) { try await job.value } }
    }

    @Test("a job that is cancelled before it begins is answered at once, whatever the threads do")
    func waitingJobIsDropped() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 1)
        defer { threads.stop() }
        let gate = DispatchSemaphore(value: 0)
        let holding = submit(threads, client: 1) { _ in gate.wait() }
        let waiting = submit(threads, client: 1) { _ in Issue.record("it began") }
        try await wait(while: threads.waiting == 0)
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        gate.signal()
        try await holding.value
    }

    @Test("who is cancelled is answered at once, though the job that has begun asks nothing")
    func begunJobIsNotWaitedFor() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 1)
        defer { threads.stop() }
        let gate = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let job = submit(threads, client: 1) { _ in
            begun.signal()
            gate.wait()
        }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async {
                begun.wait()
                continuation.resume()
            }
        }
        job.cancel()
        await #expect(throws: CancellationError.self) { try await job.value }
        gate.signal()
    }

    @Test("the end of the threads cancels long work, also what has given way")
    func stop() async throws {
        let threads = WorkThreads(name: "test", stage: "test", count: 1, begun: 8)
        let long = (1...4 as ClosedRange<UInt64>).map { submit(threads, client: $0) { try workUntilCancelled($0) } }
        try await wait(while: threads.waiting > 0)
        threads.stop()
        for job in long { await #expect(throws: CancellationError.self) { try await job.value } }
        await #expect(throws: CancellationError.self) { try await threads.run { _ in } }
    }
}
