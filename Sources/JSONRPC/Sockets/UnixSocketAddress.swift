import Glibc

/// The path of a Unix socket.
package struct UnixSocketAddress: Sendable, Equatable, CustomStringConvertible {
    /// What `sun_path` holds besides its closing NUL (unix(7)).
    package static let maximumPathBytes = MemoryLayout.size(ofValue: sockaddr_un().sun_path) - 1

    package let path: String

    /// - Throws: `SocketError.pathTooLong`, `.pathEmpty`.
    package init(path: String) throws(SocketError) {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw .pathEmpty }
        guard path.utf8.count <= Self.maximumPathBytes else {
            throw .pathTooLong(path: path, limit: Self.maximumPathBytes)
        }
        self.path = path
    }

    /// Where the daemon is unless told otherwise: `$FIXLIPD_SOCKET`, else `$XDG_RUNTIME_DIR/fixlipd/fixlipd.sock`, else
    /// `/tmp/fixlipd-<uid>/fixlipd.sock`. Empty variables count as absent, and so does a relative `XDG_RUNTIME_DIR`, as
    /// its specification (XDG Base Directory) wants.
    package static func standard(
        environment: [String: String], userID: UInt32 = geteuid()
    ) throws(SocketError) -> UnixSocketAddress {
        if let path = environment["FIXLIPD_SOCKET"], !path.isEmpty { return try UnixSocketAddress(path: path) }
        if let directory = environment["XDG_RUNTIME_DIR"], directory.hasPrefix("/") {
            return try UnixSocketAddress(path: "\(directory)/fixlipd/fixlipd.sock")
        }
        return try UnixSocketAddress(path: "/tmp/fixlipd-\(userID)/fixlipd.sock")
    }

    /// The folder the socket is in.
    package var directory: String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// The file whose `flock` says that a daemon serves this socket; it holds the daemon's process id.
    package var lockPath: String { path + ".lock" }

    package var description: String { path }

    /// Calls `body` with the address in the form system calls want.
    func withSocketAddress<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
