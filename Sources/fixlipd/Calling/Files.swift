import Foundation
import JSONRPC

/// Why a file cannot be read or written, in the system's words and never in a library's.
struct FileFailure: Error, CustomStringConvertible {
    enum Deed: String { case read, write }

    let deed: Deed
    let name: String
    let reason: String

    init(cannot deed: Deed, _ name: String, _ reason: String) {
        (self.deed, self.name, self.reason) = (deed, name, reason)
    }

    /// With the reason that `errno` gives.
    init(cannot deed: Deed, _ name: String, errno: Int32) {
        self.init(cannot: deed, name, String(cString: strerror(errno)))
    }

    var description: String { "cannot \(deed.rawValue) \(name): \(reason)" }
}

/// The bytes of a file, without the byte order mark that some editors put at the start of UTF-8.
/// - Parameter name: `-` is standard input.
func contents(of name: String) throws(FileFailure) -> [UInt8] {
    let shown = name == "-" ? "standard input" : name
    let descriptor = name == "-" ? dup(STDIN_FILENO) : FileName(absolutePath(name)).open(O_RDONLY)
    guard descriptor >= 0 else { throw FileFailure(cannot: .read, shown, errno: errno) }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 256 << 10)
    while true {
        let count = read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw FileFailure(cannot: .read, shown, errno: errno) }
        if count == 0 { return Array(bytes[...].withoutByteOrderMark) }
        bytes += piece[..<count]
    }
}

extension ArraySlice<UInt8> {
    /// What follows the byte order mark of UTF-8, if there is one.
    var withoutByteOrderMark: ArraySlice<UInt8> {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        return starts(with: mark) ? dropFirst(mark.count) : self
    }
}

/// A file that a command is going to write, opened before anything is computed for it. One that was not there before
/// is taken away again if nothing is written.
final class OutputFile {
    let name: String
    private let descriptor: Int32
    private var isUnused: Bool

    /// Changes nothing in a file that is there.
    init(_ name: String) throws(FileFailure) {
        self.name = name
        let file = FileName(absolutePath(name))
        let made = file.open(O_WRONLY | O_CREAT | O_EXCL)
        isUnused = made >= 0
        descriptor = made >= 0 ? made : file.open(O_WRONLY | O_CREAT)
        guard descriptor >= 0 else { throw FileFailure(cannot: .write, name, errno: errno) }
    }

    deinit {
        close(descriptor)
        if isUnused { _ = FileName(absolutePath(name)).withCString { unlink($0) } }
    }

    /// Makes `bytes` the whole of the file.
    func replace(with bytes: [UInt8]) throws(FileFailure) {
        // A pipe or a device has nothing to cut off.
        guard ftruncate(descriptor, 0) == 0 || errno == EINVAL else {
            throw FileFailure(cannot: .write, name, errno: errno)
        }
        try append(bytes)
    }

    func append(_ text: String) throws(FileFailure) { try append(Array(text.utf8)) }

    private func append(_ bytes: [UInt8]) throws(FileFailure) {
        guard writeAll(bytes[...], to: descriptor) else {
            throw FileFailure(cannot: .write, name, errno: errno)
        }
        isUnused = false
    }
}
