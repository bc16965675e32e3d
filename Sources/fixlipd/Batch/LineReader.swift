import Foundation
import JSONRPC

/// The lines of a file or of standard input, one after the other, in bounded memory.
final class LineReader {
    /// The longest line that is read: as long as the longest message that a daemon takes by default.
    static let longestLine = 64 << 20

    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path) cannot be read: \(reason)" }
    }

    /// The user interrupted the wait for more.
    struct Interrupted: Error {}

    let path: String
    /// The input as messages name it.
    var name: String { path == "-" ? "standard input" : path }
    /// What ends the wait for input that does not come.
    var interrupt: InterruptWatch?
    /// Lines read so far; the number of the last one, counted from 1.
    private(set) var number = 0
    /// Bytes read so far, line ends included.
    private(set) var offset = 0
    /// Whether the last line read had an end; only a file's last line may lack it.
    private(set) var isWhole = true
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var start = 0
    private var hasEnded = false
    /// A file without a name that holds what was read of something that cannot be read twice; -1 where nothing is kept.
    private var kept: Int32 = -1
    private var keptBytes: off_t = 0
    /// How much of it has been read again; nil where it is not, or no longer, read again.
    private var replayed: off_t?
    /// Whether what is read is kept: until it is rewound.
    private var isKeeping = false
    /// Whether nothing follows what was kept.
    private var endsAfterKept = false

    /// - Parameter path: `-` is standard input.
    init(path: String) throws(Failure) {
        self.path = path
        descriptor = path == "-" ? dup(STDIN_FILENO) : FileName(path).open(O_RDONLY)
        guard descriptor >= 0 else { throw Failure(path: path, reason: String(cString: strerror(errno))) }
    }

    deinit {
        close(descriptor)
        if kept >= 0 { close(kept) }
    }

    /// Whether it can be read again from its beginning.
    var isFile: Bool {
        var facts = stat()
        return path != "-" && fstat(descriptor, &facts) == 0 && facts.st_mode & S_IFMT == S_IFREG
    }

    /// Whether there is more, or the end, without much of a wait. Files always are.
    var isReady: Bool {
        if start < buffer.count || hasEnded || replayed != nil { return true }
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) > 0
    }

    /// Makes `rewind` possible: what is not a file is copied to one as it is read. Call it before the first `next`.
    func keep() throws(Failure) {
        guard !isFile else { return }
        // mkstemp(3) puts characters of its choice in the place of the six X.
        var name = Array((NSTemporaryDirectory() + "/fixlipd-XXXXXX").utf8CString)
        kept = mkstemp(&name)
        guard kept >= 0, unlink(name) == 0, fcntl(kept, F_SETFD, FD_CLOEXEC) == 0 else {
            throw cannotKeep(errno)
        }
        isKeeping = true
    }

    private func cannotKeep(_ reason: Int32) -> Failure {
        Failure(
            path: path, reason: "it cannot be kept in \(NSTemporaryDirectory()): \(String(cString: strerror(reason)))")
    }

    /// Goes back to the first line. What is not a file is read on after the lines that were kept.
    func rewind() throws(Failure) {
        (buffer, start, number, offset, isWhole) = ([], 0, 0, 0, true)
        if isFile {
            guard lseek(descriptor, 0, SEEK_SET) == 0 else {
                throw Failure(path: path, reason: String(cString: strerror(errno)))
            }
            hasEnded = false
        } else {
            isKeeping = false
            endsAfterKept = hasEnded
            replayed = keptBytes > 0 ? 0 : nil
            hasEnded = hasEnded && keptBytes == 0
        }
    }

    /// The next line without its end (LF or CR LF); nil at the end.
    /// - Throws: `Interrupted`; `Failure`, also for a line longer than `longestLine`, which has no end worth waiting
    ///   for.
    func next() throws -> ArraySlice<UInt8>? {
        var searched = start
        while true {
            if let end = buffer[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let line = buffer[start..<end]
                start = end + 1
                offset += line.count + 1
                return taken(line)
            }
            searched = buffer.count
            if hasEnded {
                guard start < buffer.count else { return nil }
                let line = buffer[start...]
                start = buffer.count
                offset += line.count
                isWhole = false
                return taken(line)
            }
            guard buffer.count - start <= Self.longestLine else {
                throw Failure(path: path, reason: "line \(number + 1) is longer than \(Self.longestLine >> 20) MiB")
            }
            searched -= start
            try fill()
        }
    }

    private func taken(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        number += 1
        let text = number == 1 ? line.withoutByteOrderMark : line
        return text.last == UInt8(ascii: "\r") ? text.dropLast() : text
    }

    /// Drops what was taken and reads some more.
    private func fill() throws {
        if let interrupt, !interrupt.waitUntilReadable(replayed == nil ? descriptor : kept) { throw Interrupted() }
        buffer.removeFirst(start)
        start = 0
        let room = 256 << 10
        let old = buffer.count
        buffer.append(contentsOf: repeatElement(0, count: room))
        var count = -1
        repeat {
            count = buffer.withUnsafeMutableBytes {
                let place = $0.baseAddress?.advanced(by: old)
                return if let replayed { pread(kept, place, room, replayed) } else { read(descriptor, place, room) }
            }
        } while count < 0 && errno == EINTR
        let reason = errno
        buffer.removeLast(room - max(0, count))
        guard count >= 0 else { throw Failure(path: path, reason: String(cString: strerror(reason))) }
        if let position = replayed {
            guard count > 0 else { throw Failure(path: path, reason: "what was kept of it is gone") }
            let isLast = position + off_t(count) >= keptBytes
            replayed = isLast ? nil : position + off_t(count)
            hasEnded = isLast && endsAfterKept
            if isLast {
                close(kept)
                kept = -1
            }
        } else {
            if isKeeping { try keep(buffer[old...]) }
            hasEnded = count == 0
        }
    }

    private func keep(_ bytes: ArraySlice<UInt8>) throws(Failure) {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(kept, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                keptBytes += off_t(count)
            } else if errno != EINTR {
                throw cannotKeep(errno)
            }
        }
    }
}
