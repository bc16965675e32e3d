import Daemon
import Foundation
import JSONRPC
import Synchronization
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
            while threads.waiting <= index { await Task.yield() }
        }
        gate.signal()
        for task in tasks { try await task.value }
        #expect(done.all == [1, 2, 3, 1, 2, 1])
    }
}
