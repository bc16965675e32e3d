import Foundation

/// Copies an input to a socket and the socket to an output until one of them ends.
///
/// Standard input and output may be files, terminals or `/dev/null`, which an event loop cannot wait for, and they are
/// often shared with other processes, which must not find them non-blocking. So two threads read and write them, and
/// the server sees a socket. The ends keep their meaning: the end of the input closes the socket's write side only,
/// while an output that nobody reads any more closes it whole.
public struct DescriptorPump: Sendable {
    private let input: Int32
    private let output: Int32
    private let socket: Int32

    /// - Parameter socket: a connected stream socket; `run` closes it.
    public init(input: Int32, output: Int32, socket: Int32) {
        self.input = input
        self.output = output
        self.socket = socket
    }

    /// Returns when the other end of the socket is closed and its last byte is written, or the output is broken.
    public func run() async {
        signal(SIGPIPE, SIG_IGN)
        async let inputDone: Void = Self.onThread("rpc-input") { copyInput() }
        async let outputDone: Void = Self.onThread("rpc-output") { copyOutput() }
        _ = await (inputDone, outputDone)
        close(socket)
    }

    private func copyInput() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: input, events: Int16(POLLIN), revents: 0), pollfd(fd: socket, events: 0, revents: 0),
            ]
            guard Self.wait(&watched) else { break }
            if watched[1].revents != 0 { return }
            let count = read(input, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0, Self.writeAll(buffer[..<count], to: socket) else { break }
        }
        shutdown(socket, Int32(SHUT_WR))
    }

    private func copyOutput() {
        // However this ends, the input thread must not wait on.
        defer { shutdown(socket, Int32(SHUT_RDWR)) }
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            var watched = [
                pollfd(fd: socket, events: Int16(POLLIN), revents: 0), pollfd(fd: output, events: 0, revents: 0),
            ]
            guard Self.wait(&watched), watched[1].revents == 0 else { return }
            let count = read(socket, &buffer, buffer.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            guard count > 0, Self.writeAll(buffer[..<count], to: output) else { return }
        }
    }

    /// Waits for any of the descriptors, as long as it takes.
    private static func wait(_ watched: inout [pollfd]) -> Bool {
        while true {
            let ready = poll(&watched, nfds_t(watched.count), -1)
            if ready > 0 { return true }
            if ready < 0, errno != EINTR { return false }
        }
    }

    private static func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { raw in
            var rest = raw[...]
            while !rest.isEmpty {
                let written = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if written >= 0 {
                    rest = rest.dropFirst(written)
                } else if errno == EAGAIN {
                    var watched = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
                    guard wait(&watched) else { return false }
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
    }

    private static func onThread(_ name: String, _ body: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                body()
                continuation.resume()
            }
            thread.name = name
            thread.start()
        }
    }
}
