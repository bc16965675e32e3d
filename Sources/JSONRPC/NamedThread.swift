import Foundation

/// Starts a thread that debuggers and `ps -L` know by name, of at most 15 bytes.
public func startThread(_ name: String, _ body: @escaping @Sendable () -> Void) {
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
