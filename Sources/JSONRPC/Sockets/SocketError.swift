import Glibc

/// Why a Unix socket cannot be served.
package enum SocketError: Error, Equatable, Sendable, CustomStringConvertible {
    case pathEmpty
    case pathTooLong(path: String, limit: Int)
    /// The folder belongs to someone else.
    case foreignDirectory(path: String, owner: UInt32, user: UInt32)
    /// Others can enter the folder.
    case openDirectory(path: String, mode: UInt32)
    case notADirectory(path: String)
    /// There is a file at the path, and it is not a socket.
    case notASocket(path: String)
    /// Another daemon holds the lock.
    case alreadyServed(path: String, processID: Int32?)
    /// Something listens that holds no lock.
    case inUse(path: String)
    /// A descriptor from socket activation is not a listening Unix socket.
    case badActivation(String)
    case system(call: String, path: String, errno: Int32)

    package var description: String {
        switch self {
        case .pathEmpty: "the socket path is empty or holds a NUL"
        case .pathTooLong(let path, let limit):
            "the socket path has \(path.utf8.count) bytes, the system allows \(limit); choose a shorter one: \(path)"
        case .foreignDirectory(let path, let owner, let user):
            "\(path) belongs to user \(owner), not to user \(user); run: chown \(user) \(shellQuoted(path)), "
                + "or choose another socket path"
        case .openDirectory(let path, let mode) where mode & 0o1000 != 0 || isSystemFolder(path):
            "\(path) is shared by all users (mode \(octal(mode))); choose a socket path in a folder of your own, "
                + "such as \(path == "/" ? "" : path)/fixlipd-\(geteuid())/fixlipd.sock"
        case .openDirectory(let path, let mode):
            "others can enter \(path) (mode \(octal(mode))); run: chmod 700 \(shellQuoted(path)), "
                + "or choose a socket path in another folder"
        case .notADirectory(let path): "\(path) is not a folder"
        case .notASocket(let path):
            "\(path) exists and is not a socket; remove it or choose another socket path"
        case .alreadyServed(let path, let processID):
            "a daemon\(processID.map { " (pid \($0))" } ?? "") serves \(path) already; "
                + "stop it first or choose another socket path"
        case .inUse(let path):
            "another program listens on \(path) already; stop it first or choose another socket path"
        case .badActivation(let reason): "socket activation: \(reason)"
        case .system(let call, let path, let errno):
            "\(call) \(path): \(String(cString: strerror(errno)))"
        }
    }
}

/// Whether others need to enter a folder: the root, and what lies directly in it (`/run`, `/home`, `/srv`), but root's
/// home.
private func isSystemFolder(_ path: String) -> Bool {
    path != "/root" && path.split(separator: "/", omittingEmptySubsequences: true).count <= 1
}

private func octal(_ mode: UInt32) -> String { String(mode, radix: 8) }

/// The path as one word of a shell command.
package func shellQuoted(_ path: String) -> String {
    let plain = path.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "-"),
            UInt8(ascii: "_"), UInt8(ascii: "+"), UInt8(ascii: ","):
            true
        default: false
        }
    }
    return plain
        ? path : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
