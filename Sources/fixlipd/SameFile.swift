import Foundation

/// Whether two names are of one regular file, which must not be read and written over at once.
/// - Parameter input: `-` is standard input.
func isSameFile(_ input: String, _ output: String) -> Bool {
    var (read, written) = (stat(), stat())
    let isThere = input == "-" ? fstat(STDIN_FILENO, &read) == 0 : stat(input, &read) == 0
    guard isThere, stat(output, &written) == 0, read.st_mode & S_IFMT == S_IFREG else { return false }
    return read.st_dev == written.st_dev && read.st_ino == written.st_ino
}
