import Foundation
import ShownText
import SystemPackage

/// Which content of a file this is: whoever writes the file changes it (`stat(2)`).
package struct FileIdentity: Hashable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    private let size: Int64
    /// Nanoseconds since 1970, by the file system's clock.
    private let modified: Int64
    private let changed: Int64

    package init(_ status: stat) {
        func nanoseconds(_ time: timespec) -> Int64 { Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec) }
        device = UInt64(status.st_dev)
        inode = UInt64(status.st_ino)
        size = Int64(status.st_size)
        modified = nanoseconds(status.st_mtim)
        changed = nanoseconds(status.st_ctim)
    }

    /// Whether the file's times tell of whatever is written from the given moment on.
    ///
    /// Two changes within one tick of the file system's clock, up to two seconds, leave the same times.
    /// - Parameter now: nanoseconds since 1970.
    package func isSettled(at now: Int64) -> Bool { max(modified, changed) < now - 2_000_000_000 }
}

/// A file that is open for reading; closed when this value goes.
package struct OpenedFile: ~Copyable {
    package let identity: FileIdentity
    private let descriptor: Int32
    let size: Int
    /// The path as the caller gave it.
    private let path: FilePath

    /// Takes the descriptor over.
    /// - Parameter status: what `fstat` says of it.
    init(descriptor: Int32, status: stat, path: FilePath) {
        identity = FileIdentity(status)
        size = Int(status.st_size)
        self.descriptor = descriptor
        self.path = path
    }

    deinit { close(descriptor) }

    /// The whole file, as long as it was when it was opened.
    /// - Throws: ``ImageError/unreadable(source:reason:)``.
    package consuming func bytes() throws(ImageError) -> [UInt8] {
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { [descriptor, size] buffer, initialized in
            while initialized < size, let start = buffer.baseAddress {
                let got = read(descriptor, start + initialized, size - initialized)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { problem = errno }
                if got <= 0 { break }
                initialized += got
            }
        }
        guard problem == 0 else { throw .unreadable(source: path.shown, reason: String(cString: strerror(problem))) }
        return bytes
    }
}
