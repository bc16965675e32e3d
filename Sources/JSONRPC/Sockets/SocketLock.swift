import Glibc

/// The right to serve a socket path: an exclusive `flock` on a file beside the socket, which the kernel gives up when
/// the process ends, however it ends. The file holds the process id, for messages.
struct SocketLock: Sendable {
    let path: String
    private let descriptor: Int32

    /// - Throws: `SocketError.alreadyServed` when another process, or this one, holds the lock.
    init(for address: UnixSocketAddress) throws(SocketError) {
        path = address.lockPath
        while true {
            let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
            guard descriptor >= 0 else { throw .system(call: "open", path: path, errno: errno) }
            guard fchmod(descriptor, 0o600) == 0 else {
                defer { close(descriptor) }
                throw .system(call: "chmod", path: path, errno: errno)
            }
            guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
                let reason = errno
                let holder = Self.readProcessID(descriptor)
                close(descriptor)
                guard reason == EWOULDBLOCK else { throw .system(call: "flock", path: path, errno: reason) }
                throw .alreadyServed(path: address.path, processID: holder)
            }
            guard Self.isSame(descriptor, path) else {
                // Whoever held the lock removed the file between our open and our flock: this lock is on nothing.
                close(descriptor)
                continue
            }
            self.descriptor = descriptor
            break
        }
        let text = "\(getpid())\n"
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, text, text.utf8.count, 0) == text.utf8.count else {
            let reason = errno
            release()
            throw .system(call: "write", path: path, errno: reason)
        }
    }

    /// Removes the file, unless somebody has put another in its place, and gives the lock up, in this order: whoever
    /// gets a lock on the removed file notices.
    func release() {
        if isInPlace { unlink(path) }
        close(descriptor)
    }

    /// Whether the file is still where others look for it.
    var isInPlace: Bool { Self.isSame(descriptor, path) }

    private static func isSame(_ descriptor: Int32, _ path: String) -> Bool {
        var held = stat()
        var named = stat()
        return fstat(descriptor, &held) == 0 && stat(path, &named) == 0 && held.st_ino == named.st_ino
            && held.st_dev == named.st_dev
    }

    private static func readProcessID(_ descriptor: Int32) -> Int32? {
        var text = [UInt8](repeating: 0, count: 32)
        let count = pread(descriptor, &text, text.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: text[..<count].prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }
}
