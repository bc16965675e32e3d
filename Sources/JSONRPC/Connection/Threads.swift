import Glibc
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
    let work = ThreadWork {
        // proc(5): the thread's own name, as by pthread_setname_np(3).
        let file = open("/proc/thread-self/comm", O_WRONLY | O_CLOEXEC)
        if file >= 0 {
            _ = writeAll(Array(name.utf8)[...], to: file)
            close(file)
        }
        body()
    }
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    pthread_attr_setstacksize(&attributes, 8 << 20)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    var thread = pthread_t()
    let held = Unmanaged.passRetained(work)
    let problem = pthread_create(
        &thread, &attributes,
        { argument in
            if let argument { Unmanaged<ThreadWork>.fromOpaque(argument).takeRetainedValue().run() }
            return nil
        }, held.toOpaque())
    pthread_attr_destroy(&attributes)
    guard problem == 0 else {
        held.release()
        endWithoutThread(name, problem)
    }
}

/// What a thread does, as an object that a C function can be given.
private final class ThreadWork: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

/// Ends the process: whoever waits for the thread would wait for ever.
private func endWithoutThread(_ name: String, _ problem: Int32) -> Never {
    let reason = String(cString: strerror(problem))
    _ = writeAll(
        Array(
            """
            fixlipd: the thread \(name) cannot be started: \(reason); raise the limits of threads and of address space \
            (ulimit -u, ulimit -v)\n
            """.utf8)[...], to: STDERR_FILENO)
    _exit(71)
}
