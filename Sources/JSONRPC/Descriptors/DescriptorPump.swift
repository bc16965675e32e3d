import Foundation

/// Copies an input to a socket and the socket to an output until one of them ends.
///
/// Standard input and output may be files, terminals or `/dev/null`, which an event loop cannot wait for, and they are
/// often shared with other processes, which must not find them non-blocking. So two threads read and write them, and
/// the server sees a socket. The ends keep their meaning: the end of the input closes the socket's write side only,
/// while an output that nobody reads any more closes it whole.
package struct DescriptorPump: Sendable {
    /// A pipe that has room at all has room for this much (`PIPE_BUF`, pipe(7)), so that such a write does not block.
    private static let pieceBytes = 4 << 10

    /// `POLLRDHUP` (poll(2)), which the C library shows to programs with GNU extensions only.
    private static let writesNoMore: Int16 = 0x2000

    private let input: Int32
    private let output: Int32
    private let socket: Int32
    private let patience: Duration?
    private let interrupt: PumpInterrupt?

    /// A pump that waits for its output as long as it takes.
    /// - Parameter socket: a connected stream socket; `run` closes it.
    package init(input: Int32, output: Int32, socket: Int32) {
        self.init(input: input, output: output, socket: socket, patience: nil, interrupt: nil)
    }

    /// - Parameters:
    ///   - socket: a connected stream socket; `run` closes it.
    ///   - patience: how long the output may take nothing once the other end of the socket writes no more; `nil` for
    ///     ever.
    ///   - interrupt: ends the pump at any moment.
    init(input: Int32, output: Int32, socket: Int32, patience: Duration?, interrupt: PumpInterrupt?) {
        self.input = input
        self.output = output
        self.socket = socket
        self.patience = patience
        self.interrupt = interrupt
    }

    /// Returns when the other end of the socket is closed and its last byte is written, or the output is broken or
    /// given up.
    /// - Returns: false if the output was given up because it took nothing, or was interrupted.
    @discardableResult
    package func run() async -> Bool {
        signal(SIGPIPE, SIG_IGN)
        async let inputDone: Void = Self.onThread("rpc-input") { copyInput() }
        async let isTaken = Self.onThread("rpc-output") { copyOutput() }
        await inputDone
        defer { close(socket) }
        return await isTaken
    }

    private func copyInput() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0), pollfd(fd: socket, events: 0, revents: 0),
            ]
            guard waitForAny(&watched) else { break }
            if watched[1].revents != 0 { return }
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0, writeAll(buffer[..<count], to: socket) else { break }
        }
        shutdown(socket, Int32(SHUT_WR))
    }

    private func copyOutput() -> Bool {
        // However this ends, the input thread must not wait on.
        defer { shutdown(socket, Int32(SHUT_RDWR)) }
        let twin = Self.nonBlockingTwin(of: output)
        defer { if let twin { close(twin) } }
        let output = twin ?? output
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: output, events: 0, revents: 0),
                pollfd(fd: interrupt?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            ]
            guard waitForAny(&watched), watched[1].revents == 0 else { return true }
            guard watched[2].revents == 0 else { return false }
            let count = read(socket, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0 else { return true }
            switch write(buffer[..<count], to: output) {
            case .written: continue
            case .broken: return true
            case .givenUp: return false
            }
        }
    }

    private enum OutputEnd {
        case written, broken, givenUp
    }

    private func write(_ bytes: ArraySlice<UInt8>, to output: Int32) -> OutputEnd {
        bytes.withUnsafeBytes { raw in
            var rest = raw[...]
            while !rest.isEmpty {
                guard takesSome(output) else { return .givenUp }
                let piece = UnsafeRawBufferPointer(rebasing: rest.prefix(Self.pieceBytes))
                let written = Glibc.write(output, piece.baseAddress, piece.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno != EAGAIN, errno != EINTR {
                    return .broken
                }
            }
            return .written
        }
    }

    /// Waits until something can be written, or writing would fail.
    /// - Returns: false if that is not worth waiting for any longer.
    private func takesSome(_ output: Int32) -> Bool {
        var watched = [
            pollfd(fd: output, events: Int16(POLLOUT), revents: 0),
            pollfd(fd: interrupt?.descriptor ?? -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: patience == nil ? -1 : socket, events: Self.writesNoMore, revents: 0),
        ]
        var timeout: Int32 = -1
        while true {
            let ready = poll(&watched, nfds_t(watched.count), timeout)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0, watched[1].revents == 0 else { return false }
            if watched[0].revents != 0 { return true }
            // The other end writes no more, which stays so: the output is all that is waited for.
            watched[2].fd = -1
            timeout = patience.map { Int32(clamping: Int64($0 / .milliseconds(1))) } ?? -1
        }
    }

    /// The same pipe or terminal through a description of its own, which alone is non-blocking; `nil` for what has none
    /// (files, which never block, and sockets).
    private static func nonBlockingTwin(of descriptor: Int32) -> Int32? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, [S_IFIFO, S_IFCHR].contains(status.st_mode & S_IFMT) else { return nil }
        let twin = open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        return twin < 0 ? nil : twin
    }

    private static func onThread<Result: Sendable>(
        _ name: String, _ body: @escaping @Sendable () -> Result
    ) async -> Result {
        await withCheckedContinuation { continuation in
            startThread(name) { continuation.resume(returning: body()) }
        }
    }
}

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
