import Glibc

extension RPCClient {
    /// A stream socket connected to the daemon at a socket; the caller closes it. Only daemons of this user and of root
    /// are trusted: in a shared folder anyone could listen.
    /// - Throws: `RPCClientError.notRunning`, `.notPermitted`, `.foreignServer`, `.system`.
    package static func connectedSocket(to address: UnixSocketAddress) throws(RPCClientError) -> Int32 {
        let descriptor = socket(AF_UNIX, streamSocket | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { throw .system(call: "socket", path: address.path, errno: errno) }
        do throws(RPCClientError) {
            try connect(descriptor, to: address)
        } catch {
            Glibc.close(descriptor)
            throw error
        }
        return descriptor
    }

    private static func connect(_ descriptor: Int32, to address: UnixSocketAddress) throws(RPCClientError) {
        // A daemon that hangs with a full queue of connections must not hang its clients.
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        guard address.withSocketAddress({ Glibc.connect(descriptor, $0, $1) }) == 0 else {
            switch errno {
            case ENOENT, ECONNREFUSED: throw .notRunning(path: address.path)
            case EACCES, EPERM: throw .notPermitted(path: address.path)
            case let reason: throw .system(call: "connect", path: address.path, errno: reason)
            }
        }
        // From here on a write may take as long as it takes.
        var forever = timeval(tv_sec: 0, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &forever, socklen_t(MemoryLayout<timeval>.size))
        if let peer = PeerCredentials(of: descriptor), peer.userID != geteuid(), peer.userID != 0 {
            throw .foreignServer(path: address.path, user: peer.userID)
        }
    }
}
