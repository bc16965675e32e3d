import Foundation
import JSON
import JSONRPC
import Synchronization

/// A client at the raw end of a socket: writes bytes as given, and reads messages on a thread of its own, so that a
/// waiting test never holds a thread that handlers need.
final class TestClient: Sendable {
    let descriptor: Int32
    private let messages: AsyncStream<JSONValue>
    private let continuation: AsyncStream<JSONValue>.Continuation
    /// The iterator of `messages`, used by one test at a time; guarded by the mutex while it is out.
    private let framing: Framing

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

    /// Writes bytes as they are. Blocks when the server does not read, so keep it small.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
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

    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }
    func disconnect() { shutdown(descriptor, Int32(SHUT_RDWR)) }
}
