import Foundation
import JSONRPC

/// Tells when one of some files is written, replaced, made or taken away (inotify(7)).
///
/// Watches the files' folders, since editors put a new file in the old one's place.
final class FileWatch: CallWatch {
    let descriptor: Int32
    /// Paths that changed since they were last taken.
    private(set) var changed: Set<String> = []
    private var files: [Int32: [(name: [UInt8], path: String)]] = [:]

    /// - Parameter paths: absolute; the files need not exist, their folders must.
    /// - Throws: `Failure`.
    init(paths: [String]) throws {
        descriptor = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard descriptor >= 0 else { throw Failure(path: paths.first ?? "", errno: errno) }
        for path in paths {
            let file = FileName(path)
            let folder = FileName(file.folder)
            let events = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
            let watch = folder.withCString { inotify_add_watch(descriptor, $0, events) }
            guard watch >= 0 else { throw Failure(path: file.folder, errno: errno) }
            files[watch, default: []].append((file.lastComponent, path))
        }
    }

    deinit { close(descriptor) }

    struct Failure: Error, CustomStringConvertible {
        let path: String
        let errno: Int32
        var description: String { "\(path): \(String(cString: strerror(errno)))" }
    }

    /// Reads what has changed.
    /// - Returns: whether one of the files did.
    func endsCall() -> Bool {
        let header = MemoryLayout<inotify_event>.size
        var buffer = [UInt8](repeating: 0, count: 16 << 10)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return !changed.isEmpty }
            var offset = 0
            while offset + header <= count {
                let event = buffer.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: offset, as: inotify_event.self) }
                let end = offset + header + Int(event.len)
                let name = Array(buffer[(offset + header)..<end].prefix { $0 != 0 })
                for file in files[event.wd] ?? [] where file.name == name { changed.insert(file.path) }
                offset = end
            }
        }
    }

    var hasChanged: Bool { !changed.isEmpty }

    /// Whether a file changed since this was last asked.
    func take() -> Bool {
        defer { changed = [] }
        return !changed.isEmpty
    }
}
