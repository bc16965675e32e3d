import Glibc

/// A folder that only its owner can enter. A socket in it cannot be reached by others even in the moment between its
/// making and the setting of its mode, so nothing depends on the umask.
package enum PrivateDirectory {
    /// Makes the folder and those above it that are missing, with mode 0700, or checks the one that is there.
    /// - Throws: `SocketError.foreignDirectory`, `.openDirectory`, `.notADirectory`, `.system`.
    package static func prepare(_ path: String, user: UInt32 = geteuid()) throws(SocketError) {
        try make(path)
        try check(path, user: user)
    }

    private static func make(_ path: String) throws(SocketError) {
        var status = stat()
        if stat(path, &status) == 0 { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { try make(String(path[..<slash])) }
        if mkdir(path, 0o700) == 0 {
            // The umask may have taken the owner's own bits away.
            guard chmod(path, 0o700) == 0 else { throw .system(call: "chmod", path: path, errno: errno) }
        } else if errno != EEXIST {
            throw .system(call: "mkdir", path: path, errno: errno)
        }
    }

    private static func check(_ path: String, user: UInt32) throws(SocketError) {
        var link = stat()
        guard lstat(path, &link) == 0 else { throw .system(call: "lstat", path: path, errno: errno) }
        if link.st_mode & S_IFMT == S_IFLNK, link.st_uid != user, link.st_uid != 0 {
            // Someone else could point the link elsewhere at any time.
            throw .foreignDirectory(path: path, owner: link.st_uid, user: user)
        }
        var status = stat()
        guard stat(path, &status) == 0 else { throw .system(call: "stat", path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .notADirectory(path: path) }
        let mode = status.st_mode & 0o7777
        guard status.st_mode & 0o1022 == 0 || status.st_uid == user else {
            throw .openDirectory(path: path, mode: mode)
        }
        guard status.st_uid == user else {
            throw .foreignDirectory(path: path, owner: status.st_uid, user: user)
        }
        guard mode & 0o077 == 0 else { throw .openDirectory(path: path, mode: mode) }
    }
}
