import Daemon
import FIxLIPProtocol
import JSONRPC
import Synchronization

/// The server as its own handlers and hooks know it: they are made before it. Set once; guarded by the mutex.
final class ServerReference: Sendable {
    private let server = Mutex<RPCServer?>(nil)

    func attach(_ server: RPCServer) { self.server.withLock { $0 = server } }

    /// Tells clients, as `RPCServer.log` says; nobody before there is a server.
    func log(_ type: LogMessageType, _ message: String, to recipient: ConnectionID? = nil) {
        server.withLock { $0 }?.log(type, message, to: recipient)
    }

    /// For `server/status`.
    var statistics: (connections: Int, requests: [String: ServerStatus.MethodCounts]) {
        guard let statistics = server.withLock({ $0?.statistics }) else { return (0, [:]) }
        return (
            statistics.connectionsOpen,
            statistics.methods.mapValues { method in
                ServerStatus.MethodCounts(
                    count: method.count, errors: method.errors, p50Milliseconds: method.median / .milliseconds(1),
                    p90Milliseconds: method.percentile90 / .milliseconds(1),
                    p99Milliseconds: method.percentile99 / .milliseconds(1))
            }
        )
    }
}
