import Glibc

/// A bound Unix stream socket, ready to listen.
package struct ListeningSocket: Sendable {
    package let descriptor: Int32
    /// `nil` for a socket that the service manager made: it removes it, too.
    package let path: String?
    private let lock: SocketLock?
    private let identity: SocketFile?

    /// Binds a socket that only this user can reach: folder mode 0700, socket mode 0600, whatever the umask.
    ///
    /// Takes the lock beside the socket first, so of two daemons started at once one gets an error. A socket left over
    /// from a daemon that was killed is replaced.
    /// - Throws: `SocketError`.
    package static func bind(to address: UnixSocketAddress) throws(SocketError) -> ListeningSocket {
        try PrivateDirectory.prepare(address.directory)
        let lock = try SocketLock(for: address)
        do throws(SocketError) {
            try removeStale(address)
            return try make(address, lock)
        } catch {
            lock.release()
            throw error
        }
    }

    /// The sockets that a service manager passed (sd_listen_fds(3)): `LISTEN_FDS` descriptors from 3 on, if
    /// `LISTEN_PID` is this process. Empty when there are none. Call once, before anything else opens descriptors; the
    /// variables are removed so that children do not take them for theirs.
    /// - Parameter firstDescriptor: 3 by the protocol.
    /// - Throws: `SocketError.badActivation` when a descriptor is not a listening Unix stream socket.
    package static func activated(
        environment: [String: String], firstDescriptor: Int32 = 3
    ) throws(SocketError) -> [ListeningSocket] {
        guard let text = passedCount(environment) else { return [] }
        for name in ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"] { unsetenv(name) }
        guard let count = Int32(text), count >= 0, count < 1024 else {
            throw .badActivation("LISTEN_FDS is '\(text)'")
        }
        var sockets: [ListeningSocket] = []
        for descriptor in firstDescriptor..<(firstDescriptor + count) {
            guard fcntl(descriptor, F_SETFD, FD_CLOEXEC) == 0 else {
                throw .badActivation("descriptor \(descriptor) is not open")
            }
            guard option(SO_DOMAIN, of: descriptor) == AF_UNIX, option(SO_ACCEPTCONN, of: descriptor) == 1,
                option(SO_TYPE, of: descriptor) == streamSocket
            else { throw .badActivation("descriptor \(descriptor) is not a listening Unix stream socket") }
            sockets.append(ListeningSocket(descriptor: descriptor, path: nil, lock: nil, identity: nil))
        }
        return sockets
    }

    /// `LISTEN_FDS`, where it is meant for this process.
    private static func passedCount(_ environment: [String: String]) -> String? {
        environment["LISTEN_PID"].flatMap { Int32($0) } == getpid() ? environment["LISTEN_FDS"] : nil
    }

    /// Where clients find the first socket that a service manager passed; nil without one. Before
    /// ``activated(environment:firstDescriptor:)``.
    package static func activatedPath(environment: [String: String], firstDescriptor: Int32 = 3) -> String? {
        guard let count = passedCount(environment).flatMap({ Int32($0) }), count > 0 else { return nil }
        var address = sockaddr_un()
        var length = socklen_t(MemoryLayout<sockaddr_un>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(firstDescriptor, $0, &length) }
        }
        guard status == 0, address.sun_family == sa_family_t(AF_UNIX) else { return nil }
        return withUnsafeBytes(of: address.sun_path) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    /// Removes the socket file, if it is still this socket's, and gives the lock up. Does not close the descriptor.
    package func remove() {
        if let path, isInPlace { unlink(path) }
        lock?.release()
    }

    /// Whether clients find the socket. One of the service manager's is its own affair.
    var isInPlace: Bool {
        guard let path, let identity else { return true }
        return SocketFile(path) == identity
    }

    /// Another socket at the path of this one, whose file somebody has removed, under the same lock.
    /// - Throws: `SocketError`, as `bind`: `.alreadyServed` where the lock was removed too, and another daemon has it.
    func restored() throws(SocketError) -> ListeningSocket {
        guard let path, let lock else { throw .badActivation("the socket is the service manager's") }
        let address = try UnixSocketAddress(path: path)
        guard lock.isInPlace else {
            let successor = try Self.bind(to: address)
            lock.release()
            return successor
        }
        try Self.removeStale(address)
        return try Self.make(address, lock)
    }

    private static func make(_ address: UnixSocketAddress, _ lock: SocketLock) throws(SocketError) -> ListeningSocket {
        let descriptor = try unixSocket(for: address)
        guard address.withSocketAddress({ Glibc.bind(descriptor, $0, $1) }) == 0 else {
            let reason = errno
            close(descriptor)
            throw .system(call: "bind", path: address.path, errno: reason)
        }
        guard chmod(address.path, 0o600) == 0, let identity = SocketFile(address.path) else {
            let reason = errno
            unlink(address.path)
            close(descriptor)
            throw .system(call: "chmod", path: address.path, errno: reason)
        }
        return ListeningSocket(descriptor: descriptor, path: address.path, lock: lock, identity: identity)
    }

    /// Removes a socket that nobody listens on.
    private static func removeStale(_ address: UnixSocketAddress) throws(SocketError) {
        var status = stat()
        guard lstat(address.path, &status) == 0 else {
            if errno == ENOENT { return }
            throw .system(call: "lstat", path: address.path, errno: errno)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else { throw .notASocket(path: address.path) }
        let probe = try unixSocket(for: address)
        defer { close(probe) }
        if address.withSocketAddress({ connect(probe, $0, $1) }) == 0 { throw .inUse(path: address.path) }
        switch errno {
        case ECONNREFUSED, ENOENT: break
        case EAGAIN: throw .inUse(path: address.path)  // Its queue of connections is full.
        default: throw .system(call: "connect", path: address.path, errno: errno)
        }
        guard unlink(address.path) == 0 || errno == ENOENT else {
            throw .system(call: "unlink", path: address.path, errno: errno)
        }
    }

    private static func option(_ name: Int32, of descriptor: Int32) -> Int32? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &length) == 0 ? value : nil
    }
}

/// Which file a path names, so that a file made by someone else in the meantime is not taken for ours.
private struct SocketFile: Equatable, Sendable {
    let device: UInt
    let inode: UInt

    init?(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return nil }
        device = UInt(status.st_dev)
        inode = UInt(status.st_ino)
    }
}

let streamSocket = Int32(SOCK_STREAM.rawValue)

/// A Unix stream socket that is not connected; `address` is for the error message only.
func unixSocket(for address: UnixSocketAddress) throws(SocketError) -> Int32 {
    let descriptor = socket(AF_UNIX, streamSocket | Int32(SOCK_CLOEXEC.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else { throw .system(call: "socket", path: address.path, errno: errno) }
    return descriptor
}
