import Foundation
import JSONRPC
import Synchronization

/// The write end of the pipe that the signal handler writes to, or -1. Atomic because a handler runs at any moment.
private let signalPipe = Atomic<Int32>(-1)

/// Why the daemon ends.
enum EndCause: Sendable, CustomStringConvertible {
    /// A signal; the process that sent it, where it was one (`si_pid`, sigaction(2)).
    case signal(Int32, from: (process: Int32, user: UInt32)?)
    /// A client called `server/stop`.
    case request
    case standardIO(ConnectionEnd)
    case standardIOFailed(String)
    case idle(seconds: Double)
    case socketLost

    var description: String {
        switch self {
        case .signal(let number, let sender):
            Self.name(number)
                + (sender.map { " from process \($0.process)\(Self.program($0.process)), user \($0.user)" } ?? "")
        case .request: "server/stop"
        case .standardIO(.endOfInput): "standard input ended"
        case .standardIO(.exit): "'exit' on standard input"
        case .standardIO(.framing(let error)): "standard input cannot be read: \(error)"
        case .standardIO(.tooSlow): "nobody reads standard output"
        case .standardIO(.stopped): "stopped"
        case .standardIO(.disconnected): "the client on standard input and output went away"
        case .standardIOFailed(let reason): "standard input and output: \(reason)"
        case .idle(let seconds): "no client for \(seconds.formatted()) s (--idle-exit)"
        case .socketLost: "the socket was removed and cannot be put back"
        }
    }

    private static func name(_ signal: Int32) -> String {
        switch signal {
        case SIGTERM: "SIGTERM"
        case SIGINT: "SIGINT"
        case SIGHUP: "SIGHUP"
        default: "signal \(signal)"
        }
    }

    /// ` (systemd)`; nothing where the process is gone or there is no `/proc`.
    private static func program(_ process: Int32) -> String {
        let name = (try? contents(of: "/proc/\(process)/comm")).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return name.isEmpty ? "" : " (\(name.filter { !$0.isNewline }))"
    }
}

/// Signals that end the daemon, each with its sender. Once for a process.
enum EndSignals {
    /// From now on these signals no longer end the process; `note` gets each on a thread of its own. A signal that was
    /// ignored when the program started stays so, as `nohup` wants it.
    static func watch(_ signals: [Int32], _ note: @escaping @Sendable (EndCause) -> Void) throws(SocketError) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw .system(call: "pipe", path: "", errno: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        signalPipe.store(ends[1], ordering: .sequentiallyConsistent)
        let readEnd = ends[0]
        startThread("signals") {
            // The handler writes less than PIPE_BUF, so that a signal is never cut.
            var fields: [Int32] = [0, 0, 0]
            while fields.withUnsafeMutableBytes({ read(readEnd, $0.baseAddress, $0.count) }) > 0 || errno == EINTR {
                note(.signal(fields[0], from: fields[1] > 0 ? (fields[1], UInt32(bitPattern: fields[2])) : nil))
            }
        }
        var action = sigaction()
        action.sa_flags = Int32(SA_SIGINFO) | Int32(SA_RESTART)
        action.__sigaction_handler.sa_sigaction = { number, info, _ in
            let reason = errno
            var fields: (Int32, Int32, UInt32) = (number, 0, 0)
            // The sender is a process with codes of 0 and below; the kernel's own signals have none.
            if let info, info.pointee.si_code <= 0 {
                fields.1 = info.pointee._sifields._kill.si_pid
                fields.2 = info.pointee._sifields._kill.si_uid
            }
            _ = write(signalPipe.load(ordering: .sequentiallyConsistent), &fields, 12)
            errno = reason
        }
        for signal in signals where !isIgnored(signal) { sigaction(signal, &action, nil) }
    }

    private static func isIgnored(_ signal: Int32) -> Bool {
        var action = sigaction()
        return sigaction(signal, nil, &action) == 0
            && unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
    }
}
