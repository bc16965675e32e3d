import Daemon
import FIxLIPProtocol
import JSON
import JSONRPC

/// The first request over a connection, by which the program learns whether the daemon speaks its version of the
/// protocol.
struct Greeting {
    /// Where the daemon listens, as errors name it.
    let socket: UnixSocketAddress
    /// The command that ends the daemon.
    let stopCommand: String

    enum Failure: Error, CustomStringConvertible {
        /// `theirs` is nil where the daemon refuses our version and does not name its own.
        case otherVersion(socket: String, theirs: Int?, stopCommand: String)
        case noDaemon(socket: String)

        var description: String {
            switch self {
            case .otherVersion(let socket, let theirs, let stopCommand):
                "the daemon on \(socket) speaks \(theirs.map { "version \($0)" } ?? "another version") of the protocol, and this "
                    + "program version \(FIxLIPDaemonVersion.wireProtocol): end it with '\(stopCommand)' and run the command again"
            case .noDaemon(let socket): "what answers on \(socket) is not fixlipd"
            }
        }
    }

    /// - Parameter timeout: how long the answer is waited for.
    /// - Returns: what the daemon says of itself, where it says all of it.
    /// - Throws: `Failure`; `RPCClientError`.
    @discardableResult
    func exchange(over client: RPCClient, timeout: Duration?) throws -> Initialize.Result? {
        let ours = FIxLIPDaemonVersion.wireProtocol
        /// Asks as a client of any version may: only the version is certain to be in the answer.
        func ask(_ version: Int?) throws(RPCClientError) -> JSONValue {
            let introduction = Initialize.Parameters(
                protocolVersion: version, clientInfo: .init(name: "fixlipd", version: FIxLIPDaemonVersion.program))
            return try client.call(Initialize.name, params: try? JSONValue(encoding: introduction), timeout: timeout)
        }
        var answer: JSONValue?
        var theirs: Int? { answer.flatMap { try? $0.decode(Spoken.self).protocolVersion } }
        do {
            answer = try ask(ours)
            guard theirs != nil else { throw Failure.noDaemon(socket: socket.path) }
        } catch RPCClientError.remote(let refusal) where refusal.code == RPCError.Code.invalidParams {
            // Without a wish the daemon tells its own version.
            answer = try? ask(nil)
        } catch RPCClientError.remote(let refusal) where refusal.code == RPCError.Code.methodNotFound {
            throw Failure.noDaemon(socket: socket.path)
        }
        guard theirs == ours else {
            throw Failure.otherVersion(socket: socket.path, theirs: theirs, stopCommand: stopCommand)
        }
        return try? answer?.decode(Initialize.Result.self)
    }

    private struct Spoken: Decodable {
        let protocolVersion: Int
    }
}
