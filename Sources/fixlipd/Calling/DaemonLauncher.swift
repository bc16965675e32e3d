import CProcessStart
import Foundation
import JSONRPC

/// Connects to the daemon of a socket, starting one if none runs.
struct DaemonLauncher {
    let address: UnixSocketAddress
    let maySpawn: Bool

    enum Failure: Error, CustomStringConvertible {
        case notRunning(socket: String)
        case didNotStart(log: String, tail: String)
        case cannotSpawn(reason: String)

        var description: String {
            switch self {
            case .notRunning(let socket):
                "no daemon runs on \(socket); start one with 'fixlipd serve'"
            case .didNotStart(let log, let tail):
                "the daemon did not start\(tail.isEmpty ? "" : ": \(tail)") (see \(log))"
            case .cannotSpawn(let reason): "cannot start a daemon: \(reason)"
            }
        }
    }

    /// A connected socket, which the caller closes. One connection is made and no other: a daemon that ends when its
    /// clients are gone would end with the first of two.
    /// - Throws: `Failure`; `RPCClientError` if the socket exists and cannot be used; `SocketError`.
    func connect() throws -> Int32 {
        do {
            return try RPCClient.connectedSocket(to: address)
        } catch {
            guard case .notRunning = error else { throw error }
        }
        guard maySpawn else { throw Failure.notRunning(socket: address.path) }
        let log = address.path + ".log"
        let isReady = try spawn(log: log)
        do {
            return try RPCClient.connectedSocket(to: address)
        } catch {
            guard case .notRunning = error, !isReady else { throw error }
            throw Failure.didNotStart(log: log, tail: lastLine(of: log))
        }
    }

    /// Starts `fixlipd serve` in a session of its own and returns once it accepts connections.
    ///
    /// Its standard output is a pipe on which it writes a line when it is ready; without the line it has ended, perhaps
    /// because another one was quicker to take the lock, which serves as well.
    /// - Returns: whether it said that it is ready.
    private func spawn(log: String) throws -> Bool {
        // Its working folder is another one than ours.
        let socket = try UnixSocketAddress(path: absolutePath(address.path))
        try PrivateDirectory.prepare(socket.directory)
        let arguments = [executablePath, "serve", "--socket", socket.path, "--ready-fd", "\(STDOUT_FILENO)"]
        var ready: [Int32] = [-1, -1]
        guard pipe(&ready) == 0 else { throw Failure.cannotSpawn(reason: String(cString: strerror(errno))) }
        defer { close(ready[0]) }
        do {
            defer { close(ready[1]) }
            let logFile = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard logFile >= 0 else { throw Failure.cannotSpawn(reason: "\(log): \(String(cString: strerror(errno)))") }
            defer { close(logFile) }
            var words = arguments.map { strdup($0) } + [nil]
            defer { for word in words { free(word) } }
            let failure = process_spawn_detached(&words, ready[1], logFile)
            guard failure == 0 else {
                throw Failure.cannotSpawn(reason: "\(arguments[0]): \(String(cString: strerror(failure)))")
            }
        }
        var byte: UInt8 = 0
        while true {
            let count = read(ready[0], &byte, 1)
            if count >= 0 || errno != EINTR { return count > 0 }
        }
    }

    private func lastLine(of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? ""
    }
}
