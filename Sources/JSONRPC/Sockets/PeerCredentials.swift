import Glibc
import NIOCore

/// Who is at the other end of a Unix socket, as the kernel says (`SO_PEERCRED`, unix(7)).
package struct PeerCredentials: Sendable, Equatable {
    package let processID: Int32
    package let userID: UInt32

    package init(processID: Int32, userID: UInt32) {
        self.processID = processID
        self.userID = userID
    }

    /// `nil` for a descriptor that is not a connected Unix socket.
    init?(of descriptor: Int32) {
        var credentials = KernelCredentials(processID: 0, userID: 0, groupID: 0)
        var length = socklen_t(MemoryLayout<KernelCredentials>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_PEERCRED, &credentials, &length) == 0 else { return nil }
        self.init(processID: credentials.processID, userID: credentials.userID)
    }

    static func read(from channel: any Channel) -> EventLoopFuture<PeerCredentials?> {
        guard let provider = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(nil)
        }
        let option: EventLoopFuture<KernelCredentials> = provider.unsafeGetSocketOption(
            level: .socket, name: NIOBSDSocket.Option(rawValue: SO_PEERCRED))
        return option.map { PeerCredentials(processID: $0.processID, userID: $0.userID) }
    }
}

/// `struct ucred`, which the C library shows to programs with GNU extensions only.
private struct KernelCredentials: Sendable {
    var processID: Int32
    var userID: UInt32
    var groupID: UInt32
}

/// Which users may connect.
package struct PeerPolicy: Sendable {
    /// The user that the server runs as.
    package let owner: UInt32

    package init(owner: UInt32 = geteuid()) { self.owner = owner }

    /// - Throws: the error to tell the client, unless it is the owner or root.
    package func check(_ peer: PeerCredentials) throws(RPCError) {
        guard peer.userID == owner || peer.userID == 0 else {
            throw .invalidRequest(
                "user \(peer.userID) (process \(peer.processID)) may not use this daemon, which serves user \(owner) only"
            )
        }
    }
}
