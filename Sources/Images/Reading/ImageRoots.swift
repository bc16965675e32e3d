import Foundation
import ShownText
import SystemPackage

/// The folders that pictures may be read from.
///
/// Paths are bytes: `café` composed and decomposed are two folders, which Swift's strings would take for one. A path is
/// judged by where it leads once every link and `..` is resolved, so neither can lead outside.
package struct ImageRoots: Sendable, Equatable {
    /// Folders with links resolved; empty where every readable file is allowed.
    package let folders: [FilePath]

    /// No confinement.
    package static let anywhere = ImageRoots(resolved: [])

    private init(resolved: [FilePath]) { folders = resolved }

    /// Confines paths to the given folders; none at all means no confinement.
    ///
    /// - Throws: ``ImageError/pathNotAllowed(path:reason:)`` for a root that is not a folder.
    package init(_ folders: [String]) throws(ImageError) {
        var resolved: [FilePath] = []
        for folder in folders.map({ FilePath($0) }) {
            guard let real = realPath(folder), isFolder(real) else {
                throw .pathNotAllowed(path: folder.shown, reason: "this image root is not a folder")
            }
            resolved.append(real)
        }
        self.init(resolved: resolved)
    }

    /// The path with links and `..` resolved.
    ///
    /// - Throws: ``ImageError/pathNotAllowed(path:reason:)`` when it leads outside the roots (whether or not anything
    ///   is there), ``ImageError/unreadable(source:reason:)`` when nothing is there.
    package func resolve(_ path: FilePath) throws(ImageError) -> FilePath {
        if let real = realPath(path) {
            guard contains(real) else { throw outside(path) }
            return real
        }
        let problem = String(cString: strerror(errno)) + advice(on: path)
        guard folders.isEmpty || deepestRealFolder(above: path).map(contains) ?? false else { throw outside(path) }
        throw .unreadable(source: path.shown, reason: problem)
    }

    /// Opens a regular file inside the roots.
    ///
    /// - Throws: as ``resolve(_:)``; ``ImageError/fileTooLarge(source:bytes:limit:)``.
    package func open(_ path: FilePath, limit: Int) throws(ImageError) -> OpenedFile {
        let real = try resolve(path)
        // O_NONBLOCK keeps a named pipe from blocking; O_NOFOLLOW and the check of the open file keep a path that
        // is exchanged for a link after it was resolved from leading outside.
        let descriptor = real.withPlatformString {
            Foundation.open($0, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW)
        }
        guard descriptor >= 0 else { throw .unreadable(source: path.shown, reason: String(cString: strerror(errno))) }
        var status = stat()
        let problem = fstat(descriptor, &status) == 0 ? nil : String(cString: strerror(errno))
        let file = OpenedFile(descriptor: descriptor, status: status, path: path)
        if let problem { throw .unreadable(source: path.shown, reason: problem) }
        if !folders.isEmpty, let opened = realPath(FilePath("/proc/self/fd/\(descriptor)")), !contains(opened) {
            throw outside(path)
        }
        guard status.st_mode & S_IFMT == S_IFREG else {
            let isFolder = status.st_mode & S_IFMT == S_IFDIR
            throw .unreadable(
                source: path.shown, reason: isFolder ? "this is a folder, not a picture" : "not a regular file")
        }
        guard file.size <= limit else {
            throw .fileTooLarge(source: path.shown, bytes: file.size, limit: limit)
        }
        return file
    }

    /// Reads a whole regular file inside the roots.
    ///
    /// - Throws: as ``open(_:limit:)``.
    package func read(_ path: FilePath, limit: Int) throws(ImageError) -> [UInt8] {
        try open(path, limit: limit).bytes()
    }

    private func contains(_ real: FilePath) -> Bool {
        folders.isEmpty || folders.contains { real.starts(with: $0) }
    }

    private func outside(_ path: FilePath) -> ImageError {
        .pathNotAllowed(
            path: path.shown,
            reason: "outside the folders pictures may be read from (\(folders.map(\.shown).joined(separator: ", "))); "
                + "send the picture's bytes as \"data\", or start the daemon with a wider --image-root")
    }
}

/// What is likely wrong with a path that leads to nothing.
private func advice(on path: FilePath) -> String {
    if path.string.utf8.first == UInt8(ascii: "~") { return "; \"~\" is not expanded, give the whole path" }
    // A path with "//" has lost one of them here.
    if let first = path.components.first, first.string.utf8.last == UInt8(ascii: ":"), path.components.count > 1 {
        return "; if this is a URI, give it as \"uri\""
    }
    if path.isAbsolute { return "" }
    let folder = FilePath(FileManager.default.currentDirectoryPath)
    return "; a relative path starts at the daemon's folder, \(folder.shown)"
}

/// `realpath(3)`, nil with `errno` set where the path does not lead to anything.
private func realPath(_ path: FilePath) -> FilePath? {
    path.withPlatformString { path in
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return FilePath(platformString: resolved)
    }
}

private func isFolder(_ path: FilePath) -> Bool {
    var status = stat()
    return path.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The nearest existing folder on the way to a path that does not exist, resolved; nil where what follows it
/// could still climb out through `..`.
private func deepestRealFolder(above path: FilePath) -> FilePath? {
    var folder = path
    while let last = folder.lastComponent {
        if last.kind == .parentDirectory { return nil }
        folder.removeLastComponent()
        if let real = realPath(folder.isEmpty ? "." : folder) { return real }
    }
    return nil
}
