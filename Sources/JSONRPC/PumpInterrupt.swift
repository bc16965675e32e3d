import Glibc

/// Ends a pump whose output is not worth waiting for any longer.
final class PumpInterrupt: Sendable {
    /// Readable once `cut` was called.
    let descriptor: Int32
    private let writeEnd: Int32

    /// - Throws: `SocketError.system` when descriptors have run out.
    init() throws(SocketError) {
        guard let ends = makeWakePipe() else { throw .system(call: "pipe", path: "", errno: errno) }
        (descriptor, writeEnd) = ends
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
