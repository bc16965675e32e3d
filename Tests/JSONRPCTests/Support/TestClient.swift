import Foundation
import JSON
import JSONRPC
import Synchronization

/// A client at the raw end of a socket: writes bytes as given, and reads messages on a thread of its own, so that no
/// test ever holds a thread that handlers need.
final class TestClient: Sendable {
    let descriptor: Int32
    private let messages: AsyncStream<JSONValue>
    private let continuation: AsyncStream<JSONValue>.Continuation
    /// The iterator of `messages`, used by one test at a time; guarded by the mutex while it is out.
    private let framing: Framing
    private let output = Mutex(Output())

    private struct Output {
        var waiting: [UInt8] = []
        var isDraining = false
        var isEnding = false
    }

    init(_ descriptor: Int32, framing: Framing = .lines, reading: Bool = true) {
        self.descriptor = descriptor
        self.framing = framing
        (messages, continuation) = AsyncStream.makeStream(of: JSONValue.self)
        if reading { startReading() }
    }

    deinit { Glibc.close(descriptor) }

    /// Reads until the server ends its output.
    func startReading() {
        let descriptor = dup(descriptor)
        Thread.detachNewThread { [continuation] in
            defer {
                Glibc.close(descriptor)
                continuation.finish()
            }
            var decoder = FrameDecoder(limits: .init(messageBytes: 1 << 30))
            var buffer = [UInt8](repeating: 0, count: 64 << 10)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                let events = count > 0 ? decoder.decode(Array(buffer[..<count])) : decoder.finish()
                for case .message(let bytes) in events {
                    continuation.yield((try? JSONValue(parsing: bytes)) ?? "unreadable")
                }
                guard count > 0 else { return }
            }
        }
    }

    /// Writes bytes as they are. What the socket does not take at once is written by a thread, in order.
    func write(_ bytes: [UInt8]) {
        output.withLock { output in
            var rest = bytes[...]
            while !output.isDraining, !rest.isEmpty {
                let count = rest.withUnsafeBytes {
                    Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
                }
                if count > 0 {
                    rest = rest.dropFirst(count)
                } else if errno == EAGAIN {
                    output.isDraining = true
                    drain()
                } else {
                    return
                }
            }
            output.waiting += rest
        }
    }

    /// Writes what waits, and what comes meanwhile, on a thread.
    private func drain() {
        Thread.detachNewThread { [self] in
            while true {
                let bytes = output.withLock { output -> [UInt8] in
                    defer { output.waiting = [] }
                    if output.waiting.isEmpty {
                        output.isDraining = false
                        if output.isEnding { shutdown(descriptor, Int32(SHUT_WR)) }
                    }
                    return output.waiting
                }
                if bytes.isEmpty { return }
                var rest = bytes[...]
                while !rest.isEmpty {
                    let count = rest.withUnsafeBytes {
                        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                    }
                    guard count > 0 else { break }
                    rest = rest.dropFirst(count)
                }
            }
        }
    }

    func write(_ text: String) { write(Array(text.utf8)) }

    /// Writes one message in the client's framing.
    func send(_ text: String) { write(framing.frame(Array(text.utf8))) }

    func request(_ id: Int, _ method: String, _ params: String = "{}") {
        send(#"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"#)
    }

    func notify(_ method: String, _ params: String = "{}") {
        send(#"{"jsonrpc":"2.0","method":"\#(method)","params":\#(params)}"#)
    }

    /// The next message, or `nil` when the server has ended its output.
    func next() async -> JSONValue? {
        for await message in messages { return message }
        return nil
    }

    /// Everything up to the end of the server's output.
    func rest() async -> [JSONValue] {
        var all: [JSONValue] = []
        for await message in messages { all.append(message) }
        return all
    }

    /// Ends the input after all that was written.
    func endInput() {
        output.withLock { output in
            output.isEnding = true
            if !output.isDraining { shutdown(descriptor, Int32(SHUT_WR)) }
        }
    }

    func disconnect() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
