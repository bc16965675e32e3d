import Foundation
import JSON
import JSONRPC
import Logging

/// A server with a client on each of any number of socket pairs.
struct Serving: Sendable {
    let server: RPCServer

    init(configure: (inout RPCServerConfiguration) -> Void = { _ in }, _ methods: (inout MethodTable) -> Void) {
        var configuration = RPCServerConfiguration()
        configure(&configuration)
        var table = MethodTable()
        methods(&table)
        server = RPCServer(
            configuration: configuration, methods: table,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    }

    /// A client, and how its connection ends.
    func connect(framing: Framing = .lines, reading: Bool = true) -> (TestClient, Task<ConnectionEnd, any Error>) {
        var pair: [Int32] = [-1, -1]
        precondition(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &pair) == 0)
        let descriptor = pair[0]
        let end = Task { try await server.serve(connectedSocket: descriptor) }
        return (TestClient(pair[1], framing: framing, reading: reading), end)
    }
}

/// `echo` gives its params back, `fail` throws what it is told to.
func addEcho(_ methods: inout MethodTable) {
    methods.onRequest("echo") { params, _ in params ?? .null }
    methods.onRequest("fail") { params, _ in
        throw RPCError(code: params?["code"]?.int ?? 0, message: "failed as told", data: params?["data"])
    }
}

/// A text of this many bytes; `String(repeating:count:)` would take longer than what is tested.
func letters(_ count: Int) -> String {
    String(decoding: [UInt8](repeating: UInt8(ascii: "x"), count: count), as: UTF8.self)
}
