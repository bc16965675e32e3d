import Glibc
import Synchronization

/// The write end of the pipe that the signal handler writes to, or -1. Atomic because a handler runs at any moment.
private let interruptPipe = Atomic<Int32>(-1)

/// Turns SIGINT (Ctrl-C), and others if wanted, into something a poll can wait for, so that a call can be cancelled
/// rather than cut off.
///
/// At most one watch is active in a process; while it is, its signals do not end the process.
package final class InterruptWatch {
    /// Readable after an interrupt.
    package let descriptor: Int32
    private let writeEnd: Int32
    private var previous: [(signal: Int32, action: sigaction)] = []

    /// Begins to watch.
    /// - Precondition: no other watch is active.
    package init(signals: [Int32] = [SIGINT]) throws(RPCClientError) {
        guard let ends = makeWakePipe() else { throw .system(call: "pipe", path: "", errno: errno) }
        (descriptor, writeEnd) = ends
        let (isFirst, _) = interruptPipe.compareExchange(
            expected: -1, desired: writeEnd, ordering: .sequentiallyConsistent)
        precondition(isFirst, "two interrupt watches at once")
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { _ in
            let reason = errno
            var byte: UInt8 = 1
            _ = write(interruptPipe.load(ordering: .sequentiallyConsistent), &byte, 1)
            errno = reason
        }
        for signal in signals {
            var former = sigaction()
            sigaction(signal, &action, &former)
            previous.append((signal, former))
        }
    }

    deinit {
        for (signal, action) in previous {
            var former = action
            sigaction(signal, &former, nil)
        }
        interruptPipe.store(-1, ordering: .sequentiallyConsistent)
        close(descriptor)
        close(writeEnd)
    }

    /// Whether an interrupt came since this was last asked.
    package func take() -> Bool {
        var byte: UInt8 = 0
        return read(descriptor, &byte, 1) == 1
    }

    /// Waits until `other` can be read (or has ended).
    /// - Returns: false if an interrupt came first; it is taken.
    package func waitUntilReadable(_ other: Int32) -> Bool {
        var watched = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        while true {
            _ = poll(&watched, nfds_t(watched.count), -1)
            if take() { return false }
            if watched[1].revents != 0 { return true }
        }
    }
}
