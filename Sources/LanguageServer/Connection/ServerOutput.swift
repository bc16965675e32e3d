import Foundation
import JSON
import JSONRPC
import Synchronization

/// Messages on their way to the client, written in order by a thread of their own, so that nobody waits for a client
/// that reads slowly.
final class ServerOutput: Sendable {
    private struct State: Sendable {
        var frames: [[UInt8]] = []
        var bytes = 0
        var isClosed = false
        var isBroken = false
    }

    private let descriptor: Int32
    private let state = Mutex(State())
    private let ready = DispatchSemaphore(value: 0)
    private let drained = DispatchSemaphore(value: 0)
    /// A client that leaves more than this unread is given up.
    private static let limit = 256 << 20

    init(descriptor: Int32) {
        self.descriptor = descriptor
        signal(SIGPIPE, SIG_IGN)
        startThread("lsp-output") { [self] in run() }
    }

    func send(_ message: [UInt8]) {
        let frame = Framing.headers.frame(message)
        let isTaken = state.withLock { state in
            guard !state.isClosed, !state.isBroken, state.bytes + frame.count <= Self.limit else { return false }
            state.frames.append(frame)
            state.bytes += frame.count
            return true
        }
        if isTaken { ready.signal() }
    }

    /// Sends a notification.
    func notify(_ method: String, _ params: JSONValue) {
        send(.object(["jsonrpc": "2.0", "method": .string(method), "params": params]))
    }

    func send(_ message: JSONValue) {
        if let bytes = try? message.serialized() { send(bytes) }
    }

    /// Returns when everything was written, or nobody reads it.
    func close() async {
        state.withLock { $0.isClosed = true }
        ready.signal()
        await withCheckedContinuation { continuation in
            startThread("lsp-drain") { [drained] in
                _ = drained.wait(timeout: .now() + 5)
                continuation.resume()
            }
        }
    }

    private func run() {
        while true {
            ready.wait()
            while true {
                let (frame, isClosed) = state.withLock { state -> ([UInt8]?, Bool) in
                    guard !state.frames.isEmpty else { return (nil, state.isClosed) }
                    let frame = state.frames.removeFirst()
                    state.bytes -= frame.count
                    return (frame, state.isClosed)
                }
                guard let frame else {
                    if isClosed {
                        drained.signal()
                        return
                    }
                    break
                }
                if !writeAll(frame[...], to: descriptor) { state.withLock { $0.isBroken = true } }
            }
        }
    }
}

/// The client's messages, read by a thread of its own.
enum ServerInput {
    static func events(from descriptor: Int32) -> AsyncStream<FrameDecoder.Event> {
        let (events, found) = AsyncStream.makeStream(of: FrameDecoder.Event.self)
        startThread("lsp-input") {
            var decoder = FrameDecoder()
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                if count < 0, errno == EAGAIN {
                    var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
                    _ = poll(&watched, 1, -1)
                    continue
                }
                let new =
                    count > 0
                    ? buffer.withUnsafeBytes { decoder.decode(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
                    : decoder.finish()
                for event in new { found.yield(event) }
                if count <= 0 {
                    found.finish()
                    return
                }
            }
        }
        return events
    }
}
