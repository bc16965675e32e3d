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
                "no daemon runs on \(socket); start one with 'fixlipd serve', or leave --no-spawn out"
            case .didNotStart(let log, let tail):
                "the daemon did not start\(tail.isEmpty ? "" : ": \(tail)") (see \(log))"
            case .cannotSpawn(let reason): "cannot start a daemon: \(reason)"
            }
        }
    }

    /// - Throws: `Failure`; `RPCClientError` if the socket exists and cannot be used.
    func connect() throws -> RPCClient {
        do {
            return try RPCClient(connectingTo: address)
        } catch {
            guard case .notRunning = error else { throw error }
        }
        guard maySpawn else { throw Failure.notRunning(socket: address.path) }
        try spawn()
        return try RPCClient(connectingTo: address)
    }

    /// Starts `fixlipd serve` in a session of its own and returns once it accepts connections.
    ///
    /// Its standard output is a pipe on which it writes a line when it is ready; without the line it has ended, perhaps
    /// because another one was quicker to take the lock, which serves as well.
    private func spawn() throws {
        try PrivateDirectory.prepare(address.directory)
        let log = address.path + ".log"
        let daemon = Process()
        // setsid(1): the daemon must not share the fate of this terminal's session.
        daemon.executableURL = URL(fileURLWithPath: "/usr/bin/setsid")
        daemon.currentDirectoryURL = URL(fileURLWithPath: "/")
        daemon.arguments = [executablePath, "serve", "--socket", address.path, "--ready-fd", "\(STDOUT_FILENO)"]
        let ready = Pipe()
        daemon.standardInput = FileHandle.nullDevice
        daemon.standardOutput = ready
        daemon.standardError = try logFile(log)
        do {
            try daemon.run()
        } catch {
            throw Failure.cannotSpawn(reason: "\(error)")
        }
        try? ready.fileHandleForWriting.close()
        let answer = try ready.fileHandleForReading.read(upToCount: 1)
        if answer?.isEmpty == false || (try? RPCClient(connectingTo: address)) != nil { return }
        throw Failure.didNotStart(log: log, tail: lastLine(of: log))
    }

    private func logFile(_ path: String) throws -> FileHandle {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else {
            throw Failure.cannotSpawn(reason: "\(path): \(String(cString: strerror(errno)))")
        }
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private func lastLine(of path: String) -> String {
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").last.map(String.init) ?? ""
    }
}

/// This program's own file.
var executablePath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}
