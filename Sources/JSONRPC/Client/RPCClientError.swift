import Glibc

/// Why a call did not give a result.
package enum RPCClientError: Error, Sendable, Equatable, CustomStringConvertible {
    /// No daemon listens on the socket.
    case notRunning(path: String)
    /// The socket, or its folder, is not for this user.
    case notPermitted(path: String)
    /// Another user's process listens on the socket: it might be an impostor.
    case foreignServer(path: String, user: UInt32)
    /// The connection ended before the reply.
    case disconnected(method: String)
    /// No reply came in time; the daemon was told to cancel the request.
    case timedOut(method: String, after: Duration)
    /// The user interrupted the call; the daemon was told to cancel the request.
    case cancelled(method: String)
    /// The daemon replied with an error.
    case remote(RPCError)
    /// What the daemon sent is not JSON-RPC, or the params are not JSON.
    case malformed(String)
    case system(call: String, path: String, errno: Int32)

    package var description: String {
        switch self {
        case .notRunning(let path):
            "no daemon listens on \(path); start one with: fixlipd serve --socket \(shellQuoted(path))"
        case .notPermitted(let path): "user \(geteuid()) may not connect to \(path)"
        case .foreignServer(let path, let user):
            "the process that listens on \(path) belongs to user \(user); only your own daemons and root's are trusted"
        case .disconnected(let method): "the daemon closed the connection before it replied to '\(method)'"
        case .timedOut(let method, let limit): "'\(method)' got no reply within \(limit) and was cancelled"
        case .cancelled(let method): "'\(method)' was cancelled"
        case .remote(let error): error.description
        case .malformed(let reason): reason
        case .system(let call, let path, let errno): "\(call) \(path): \(String(cString: strerror(errno)))"
        }
    }
}
