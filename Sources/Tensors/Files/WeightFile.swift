#if canImport(Glibc)
import Glibc
#else
import Musl
#endif

/// A file of weights, open for reading for as long as this object lives: deleting or replacing it changes nothing here.
///
/// It is read, not mapped: the kernel ends a process that touches a mapped page of a file that was cut short meanwhile.
final class WeightFile: Sendable {
    /// What tells that a file was written to (inode(7)).
    private struct State: Equatable {
        let size: Int
        let seconds: Int
        let nanoseconds: Int

        init(_ information: stat) {
            size = Int(information.st_size)
            seconds = information.st_mtim.tv_sec
            nanoseconds = information.st_mtim.tv_nsec
        }
    }

    let path: String
    /// Bytes of the file when it was opened.
    let size: Int
    private let descriptor: Int32
    private let opened: State

    /// - Throws: ``WeightFileError/unreadable(file:reason:)``.
    init(path: String) throws(WeightFileError) {
        // Without O_NONBLOCK a FIFO without a writer would be waited for.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else {
            throw .unreadable(file: path, reason: String(cString: strerror(errno)))
        }
        var information = stat()
        guard fstat(descriptor, &information) == 0, information.st_mode & S_IFMT == S_IFREG else {
            close(descriptor)
            throw .unreadable(file: path, reason: "it is not a regular file")
        }
        self.path = path
        self.descriptor = descriptor
        opened = State(information)
        size = opened.size
    }

    deinit { close(descriptor) }

    /// Fills `buffer` with the bytes from `offset` on.
    /// - Throws: ``WeightFileError/unreadable(file:reason:)``; ``WeightFileError/changed(file:)`` when the file was
    ///   written to since it was opened, so that these are not the bytes its header tells of.
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(WeightFileError) {
        var rest = buffer[...]
        while !rest.isEmpty {
            let target = UnsafeMutableRawBufferPointer(rebasing: rest)
            let count = pread(descriptor, target.baseAddress, target.count, off_t(offset + buffer.count - rest.count))
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if count == 0 {
                throw .changed(file: path)
            } else if errno != EINTR {
                throw .unreadable(file: path, reason: String(cString: strerror(errno)))
            }
        }
        try checkUnchanged()
    }

    /// The bytes `range` of the file.
    /// - Throws: as ``read(into:at:)``.
    func bytes(_ range: Range<Int>) throws(WeightFileError) -> [UInt8] {
        var failure: WeightFileError?
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, initialised in
            do throws(WeightFileError) {
                try read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
                initialised = range.count
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }

    private func checkUnchanged() throws(WeightFileError) {
        var information = stat()
        guard fstat(descriptor, &information) == 0 else {
            throw .unreadable(file: path, reason: String(cString: strerror(errno)))
        }
        guard State(information) == opened else { throw .changed(file: path) }
    }
}
