import Foundation

/// The folders that pictures may be read from.
///
/// A path is judged by where it leads once every link and `..` is resolved, so neither can lead outside.
public struct ImageRoots: Sendable, Equatable {
    /// Folders with links resolved; empty where every readable file is allowed.
    public let folders: [String]

    /// No confinement.
    public static let anywhere = ImageRoots(resolved: [])

    private init(resolved: [String]) { folders = resolved }

    /// Confines paths to the given folders; none at all means no confinement.
    ///
    /// - Throws: ``ImageError/pathNotAllowed(path:reason:)`` for a root that is no folder.
    public init(_ folders: [String]) throws(ImageError) {
        var resolved: [String] = []
        for folder in folders {
            var isFolder: ObjCBool = false
            guard let real = realPath(folder), FileManager.default.fileExists(atPath: real, isDirectory: &isFolder),
                isFolder.boolValue
            else { throw .pathNotAllowed(path: folder, reason: "this image root is no folder") }
            resolved.append(real)
        }
        self.init(resolved: resolved)
    }

    /// The path with links and `..` resolved.
    ///
    /// - Throws: ``ImageError/pathNotAllowed(path:reason:)`` when it leads outside the roots (whether or not anything
    ///   is there), ``ImageError/unreadable(source:reason:)`` when nothing is there.
    public func resolve(_ path: String) throws(ImageError) -> String {
        guard !path.isEmpty else { throw .unreadable(source: "path", reason: "the path is empty") }
        guard !path.utf8.contains(0) else { throw .unreadable(source: "path", reason: "the path holds a zero byte") }
        guard path.utf8.count < PATH_MAX else {
            throw .unreadable(
                source: path,
                reason:
                    "no path has \(path.utf8.count) bytes; a picture's own bytes go in base64 as {\"data\": …} or a data: URI"
            )
        }
        if let real = realPath(path) {
            guard contains(real) else { throw outside(path) }
            return real
        }
        let problem = String(cString: strerror(errno)) + advice(on: path)
        guard folders.isEmpty || deepestRealFolder(above: path).map(contains) ?? false else { throw outside(path) }
        throw .unreadable(source: path, reason: problem)
    }

    /// Reads a whole regular file inside the roots.
    ///
    /// - Throws: as ``resolve(_:)``; ``ImageError/fileTooLarge(source:bytes:limit:)``.
    public func read(_ path: String, limit: Int) throws(ImageError) -> [UInt8] {
        let real = try resolve(path)
        // O_NONBLOCK keeps a named pipe from blocking; O_NOFOLLOW and the check of the open file keep a path that
        // is exchanged for a link after it was resolved from leading outside.
        let descriptor = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        guard descriptor >= 0 else { throw .unreadable(source: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        if !folders.isEmpty, let opened = realPath("/proc/self/fd/\(descriptor)"), !contains(opened) {
            throw outside(path)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw .unreadable(source: path, reason: String(cString: strerror(errno)))
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw .unreadable(source: path, reason: isFolder ? "this is a folder, not a picture" : "not a regular file")
        }
        guard status.st_size <= limit else {
            throw .fileTooLarge(source: path, bytes: Int(status.st_size), limit: limit)
        }
        return try readBytes(descriptor, count: Int(status.st_size), path: path)
    }

    private func readBytes(_ descriptor: Int32, count: Int, path: String) throws(ImageError) -> [UInt8] {
        var problem: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            while initialized < count, let start = buffer.baseAddress {
                let got = Foundation.read(descriptor, start + initialized, count - initialized)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { problem = errno }
                if got <= 0 { break }
                initialized += got
            }
        }
        guard problem == 0 else { throw .unreadable(source: path, reason: String(cString: strerror(problem))) }
        return bytes
    }

    private func contains(_ real: String) -> Bool {
        folders.isEmpty || folders.contains { real == $0 || real.hasPrefix($0 == "/" ? "/" : $0 + "/") }
    }

    private func outside(_ path: String) -> ImageError {
        .pathNotAllowed(
            path: path,
            reason: "outside the folders pictures may be read from (\(folders.joined(separator: ", "))); "
                + "send the picture's bytes as \"data\", or start the daemon with a wider --image-root")
    }
}

/// What is likely wrong with a path that leads to nothing.
private func advice(on path: String) -> String {
    if path.contains("://") { return "; if this is a URI, give it as \"uri\"" }
    if path.hasPrefix("~") { return "; \"~\" is not expanded, give the whole path" }
    guard !path.hasPrefix("/") else { return "" }
    return "; a relative path starts at the daemon's folder, \(FileManager.default.currentDirectoryPath)"
}

/// `realpath(3)`, nil with `errno` set where the path does not lead to anything.
private func realPath(_ path: String) -> String? {
    guard let resolved = realpath(path, nil) else { return nil }
    defer { free(resolved) }
    return String(cString: resolved)
}

/// The nearest existing folder on the way to a path that does not exist, resolved; nil where what follows it
/// could still climb out through `..`.
private func deepestRealFolder(above path: String) -> String? {
    var parts = path.split(separator: "/", omittingEmptySubsequences: true)
    while let last = parts.popLast() {
        if last == ".." { return nil }
        let folder = (path.hasPrefix("/") ? "/" : "") + parts.joined(separator: "/")
        if let real = realPath(folder.isEmpty ? "." : folder) { return real }
    }
    return nil
}
