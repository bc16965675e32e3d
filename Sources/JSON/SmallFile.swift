#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// Files that are read whole: configurations, indexes, vocabularies.
///
/// They come from wherever people download models, so that each reader says how large a file it takes: a sparse file of
/// gigabytes costs nothing on the disk, but everything in memory.
package enum SmallFile {
    /// A configuration of a model or of its preprocessor or tokenizer: people's have a few hundred KB at most.
    package static let configurationLimit = 8 << 20

    /// The bytes of a file, without the byte order mark that some editors write.
    /// - Parameter limit: the most bytes that are read.
    /// - Throws: `JSONError.unreadable` for what cannot be opened, is not a regular file, or is larger.
    package static func bytes(of path: String, limit: Int) throws(JSONError) -> [UInt8] {
        func failure(_ reason: String) -> JSONError { .unreadable(path: path, reason: reason) }
        // Without O_NONBLOCK a FIFO without a writer would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var information = stat()
        guard fstat(descriptor, &information) == 0 else { throw failure(String(cString: strerror(errno))) }
        switch information.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw failure(String(cString: strerror(EISDIR)))
        default: throw failure("it is not a regular file")
        }
        guard information.st_size <= limit else {
            throw failure("it has \(information.st_size) bytes; at most \(limit) are read of such a file")
        }
        // One byte more than it has shows whether it grows while it is read.
        let room = Int(information.st_size) + 1
        var failed: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: room) { buffer, count in
            count = 0
            while count < room, let base = buffer.baseAddress {
                let read = Glibc.read(descriptor, base + count, room - count)
                if read > 0 {
                    count += read
                } else if read == 0 {
                    return
                } else if errno != EINTR {
                    failed = errno
                    return
                }
            }
        }
        guard failed == 0 else { throw failure(String(cString: strerror(failed))) }
        guard bytes.count < room else { throw failure("it grew while it was read") }
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return bytes.starts(with: mark) ? Array(bytes.dropFirst(mark.count)) : bytes
    }
}
