import Foundation
import JSON
import JSONRPC
import Synchronization

/// Listens in the daemon's place and answers what the program's own daemon never does: a thread for each connection,
/// and one that accepts them until the tests end.
final class StandInDaemon: Sendable {
    /// The methods asked for, a list for each connection.
    private let connections = Mutex<[[String]]>([])
    private let answer: @Sendable (String, JSONValue) -> Result<JSONValue, RPCError>

    /// - Parameter answer: gives a result for a method and its parameters.
    init(
        folder: String,
        answer: @escaping @Sendable (_ method: String, _ params: JSONValue) -> Result<JSONValue, RPCError>
    ) throws {
        self.answer = answer
        let socket = try ListeningSocket.bind(to: try UnixSocketAddress(path: folder + "/f.sock"))
        // Its thread waits in accept.
        _ = fcntl(socket.descriptor, F_SETFL, fcntl(socket.descriptor, F_GETFL) & ~O_NONBLOCK)
        guard listen(socket.descriptor, 8) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EIO) }
        Thread.detachNewThread { [self] in
            while true {
                let connection = accept(socket.descriptor, nil, nil)
                guard connection >= 0 else { return }
                // Programs that tests start meanwhile must not hold it open.
                _ = fcntl(connection, F_SETFD, FD_CLOEXEC)
                let number = connections.withLock { connections in
                    connections.append([])
                    return connections.count - 1
                }
                Thread.detachNewThread { [self] in
                    serve(connection, number)
                    close(connection)
                }
            }
        }
    }

    /// The methods of each connection there was.
    var requests: [[String]] { connections.withLock { $0 } }

    private func serve(_ connection: Int32, _ number: Int) {
        var decoder = FrameDecoder()
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(connection, &buffer, buffer.count)
            guard count > 0 else { return }
            for case .message(let message) in decoder.decode(Array(buffer[..<count])) {
                guard let request = try? WireMessage(parsing: message), let id = request.id,
                    let method = request.method
                else { continue }
                connections.withLock { $0[number].append(method) }
                let reply: JSONValue =
                    switch answer(method, request.params ?? .null) {
                    case .success(let result): ["jsonrpc": "2.0", "id": id, "result": result]
                    case .failure(let error):
                        [
                            "jsonrpc": "2.0", "id": id,
                            "error": ["code": .integer(Int64(error.code)), "message": .string(error.message)],
                        ]
                    }
                guard let line = (try? reply.serialized()).map(Framing.lines.frame) else { return }
                guard send(connection, line, line.count, Int32(MSG_NOSIGNAL)) == line.count else { return }
            }
        }
    }
}
