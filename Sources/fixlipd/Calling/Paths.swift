import Foundation

/// A path the daemon understands whatever its own working folder is.
func absolutePath(_ path: String) -> String {
    if path.hasPrefix("data:") || path.hasPrefix("file:") { return path }
    let expanded = NSString(string: path).expandingTildeInPath
    if expanded.hasPrefix("/") { return expanded }
    return FileManager.default.currentDirectoryPath + "/" + expanded
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
    let isThere = input == "-" ? fstat(STDIN_FILENO, &read) == 0 : stat(input, &read) == 0
    guard isThere, stat(output, &written) == 0, read.st_mode & S_IFMT == S_IFREG else { return false }
    return read.st_dev == written.st_dev && read.st_ino == written.st_ino
}

/// This program's own file.
var executablePath: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}
