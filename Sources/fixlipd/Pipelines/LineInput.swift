import Foundation

/// Lines of a descriptor as they arrive, without waiting for its end. A byte order mark before the first is none of it.
final class LineInput {
    let descriptor: Int32
    /// Whether no further lines come.
    private(set) var isAtEnd = false
    private var lines: [[UInt8]] = []
    private var rest: [UInt8] = []
    private var isFirst = true

    init(descriptor: Int32 = STDIN_FILENO) { self.descriptor = descriptor }

    /// The next line that has been read, without its end.
    func takeLine() -> [UInt8]? { lines.isEmpty ? nil : lines.removeFirst() }

    /// At most `limit` lines: waits for one, and takes what else is there already. Empty at the end.
    func nextLines(limit: Int) -> [[UInt8]] {
        while lines.isEmpty, !isAtEnd { read() }
        while lines.count < limit, !isAtEnd, isReadable { read() }
        let taken = Array(lines.prefix(limit))
        lines.removeFirst(taken.count)
        return taken
    }

    /// Reads once; waits if nothing is there.
    func read() {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        let count = Foundation.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR || errno == EAGAIN { return }
        guard count > 0 else {
            isAtEnd = true
            if !rest.isEmpty { append(rest[...]) }
            rest = []
            return
        }
        var pieces = (rest + buffer[..<count]).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        rest = Array(pieces.removeLast())
        for piece in pieces { append(piece.last == UInt8(ascii: "\r") ? piece.dropLast() : piece) }
    }

    private func append(_ line: ArraySlice<UInt8>) {
        lines.append(Array(isFirst ? line.withoutByteOrderMark : line))
        isFirst = false
    }

    private var isReadable: Bool {
        var watched = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return poll(&watched, 1, 0) > 0
    }
}
