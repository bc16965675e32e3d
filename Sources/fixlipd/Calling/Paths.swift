import CProcessStart
import Foundation
import PercentEncoding

/// A file's name as the system keeps it: bytes without a NUL, which need be no UTF-8.
struct FileName {
    let bytes: [UInt8]

    init(bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    init(cString: UnsafePointer<CChar>) {
        bytes = Array(UnsafeBufferPointer(start: cString, count: strlen(cString))).map(UInt8.init(bitPattern:))
    }

    /// A path, or a `file:` URI with the bytes of one.
    init(_ text: String) {
        let prefix = "file://"
        guard text.hasPrefix(prefix) else {
            bytes = Array(text.utf8)
            return
        }
        bytes = PercentEncoding.decoded(text.utf8.dropFirst(prefix.utf8.count)).bytes
    }

    /// This name where it is one of something that exists.
    var existing: FileName? {
        var facts = stat()
        return withCString { lstat($0, &facts) } == 0 ? self : nil
    }

    /// Its path from the root, as JSON can carry it: text, or a `file:` URI where its bytes are not UTF-8.
    var absolute: String {
        let path =
            bytes.first == UInt8(ascii: "/") ? self : FileName(bytes: Self.workingFolder + [UInt8(ascii: "/")] + bytes)
        return String(validating: path.bytes, as: UTF8.self) ?? path.uri
    }

    /// `file:///home/u/caf%E9.png` (RFC 8089).
    var uri: String {
        let path = bytes.first == UInt8(ascii: "/") ? bytes : Self.workingFolder + [UInt8(ascii: "/")] + bytes
        return "file://" + PercentEncoding.encoded(path: path)
    }

    /// The file `name` in this folder; `name` itself where it is a path from the root or from a home folder.
    func file(_ name: String) -> FileName {
        if name.hasPrefix("/") || name.hasPrefix("~") || bytes == [UInt8(ascii: ".")] {
            return FileName(NSString(string: name).expandingTildeInPath)
        }
        return FileName(bytes: bytes + [UInt8(ascii: "/")] + Array(name.utf8))
    }

    /// What follows the last slash.
    var lastComponent: [UInt8] {
        Array(bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? [])
    }

    /// The folder that it is in, as a path or a `file:` URI as well; `.` for a bare name.
    var folder: String {
        guard let slash = bytes.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        let name = FileName(bytes: slash == 0 ? bytes[...0] : bytes[..<slash])
        return String(validating: name.bytes, as: UTF8.self) ?? name.uri
    }

    /// Calls `body` with the name as system calls take it.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        (bytes + [0]).withUnsafeBufferPointer { buffer in
            buffer.withMemoryRebound(to: CChar.self) { $0.baseAddress.map(body) ?? body("") }
        }
    }

    /// open(2).
    /// - Returns: a descriptor that is closed on exec, or a negative number with `errno` set.
    func open(_ flags: Int32, mode: mode_t = 0o644) -> Int32 {
        withCString { Glibc.open($0, flags | O_CLOEXEC, mode) }
    }

    private static var workingFolder: [UInt8] {
        guard let path = getcwd(nil, 0) else { return [UInt8(ascii: ".")] }
        defer { free(path) }
        return FileName(cString: path).bytes
    }
}

/// A path the daemon understands whatever its own working folder is.
func absolutePath(_ path: String) -> String {
    if path.hasPrefix("data:") || path.hasPrefix("file:") { return path }
    return FileName(NSString(string: path).expandingTildeInPath).absolute
}

/// A model's name as the daemon understands it: a folder in the working folder becomes an absolute path.
func modelName(_ name: String) -> String {
    var isFolder: ObjCBool = false
    let isLocal = name.hasPrefix(".") || name.hasPrefix("~") || name.hasPrefix("/")
    let exists = FileManager.default.fileExists(atPath: name, isDirectory: &isFolder) && isFolder.boolValue
    return isLocal || (exists && name.contains("/")) ? absolutePath(name) : name
}

/// Whether two names are of one regular file, which must not be read and written over at once.
/// - Parameter input: `-` is standard input.
func isSameFile(_ input: String, _ output: String) -> Bool {
    var (read, written) = (stat(), stat())
    let isThere =
        input == "-" ? fstat(STDIN_FILENO, &read) == 0 : FileName(input).withCString { stat($0, &read) } == 0
    guard isThere, FileName(output).withCString({ stat($0, &written) }) == 0, read.st_mode & S_IFMT == S_IFREG else {
        return false
    }
    return read.st_dev == written.st_dev && read.st_ino == written.st_ino
}

/// This program's own file, from the root.
var executablePath: String {
    if let path = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") { return path }
    // Without /proc.
    guard let name = process_executable(), let path = realpath(name, nil) else { return CommandLine.arguments[0] }
    defer { free(path) }
    return String(cString: path)
}
