import Glibc

/// Ends a pump whose output is not worth waiting for any longer.
final class PumpInterrupt: Sendable {
    /// Readable once `cut` was called.
    let descriptor: Int32
    private let writeEnd: Int32

    /// - Throws: `SocketError.system` when descriptors have run out.
    init() throws(SocketError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system(call: "pipe", path: "", errno: errno) }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        (descriptor, writeEnd) = (ends[0], ends[1])
    }

    deinit {
        close(descriptor)
        close(writeEnd)
    }

    /// What the pump has not written by now is lost.
    func cut() {
        var byte: UInt8 = 1
        _ = write(writeEnd, &byte, 1)
    }
}
