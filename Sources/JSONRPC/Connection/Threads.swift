import Foundation
import NIOCore
import NIOPosix

/// The threads of every server in the process. They are never shut down: handlers that outlive their connection still
/// hand their end to its event loop.
enum Threads {
    /// All bytes go through these.
    static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: 2)

    /// Where large JSON is read and written, so that neither event loops nor Swift's cooperative pool wait for it.
    static let json: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 2)
        pool.start()
        return pool
    }()

    /// Where messages are parsed that take much memory: one at a time, and those that take little do not wait for them.
    static let memoryHungryJSON: NIOThreadPool = {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        return pool
    }()

    /// Runs `body` where large JSON is worked on. What was begun is finished, also for a task that was cancelled
    /// meanwhile.
    static func onJSON<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await json.runIfActive(eventLoop: eventLoops.next(), body).get()
    }
}

/// Starts a thread that debuggers and `ps -L` know by name, of at most 15 bytes.
package func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread {
        // proc(5): the thread's own name, as by pthread_setname_np(3).
        if let file = FileHandle(forWritingAtPath: "/proc/thread-self/comm") {
            try? file.write(contentsOf: Data(name.utf8))
        }
        body()
    }
    thread.stackSize = 8 << 20
    thread.start()
}
