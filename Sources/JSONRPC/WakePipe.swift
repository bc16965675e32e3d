import Glibc

/// A pipe whose only use is to wake a poll. Neither end blocks or is inherited by other programs; the caller closes
/// both.
/// - Returns: nil where there is none to be had; `errno` says why.
func makeWakePipe() -> (readEnd: Int32, writeEnd: Int32)? {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends {
        _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        _ = fcntl(end, F_SETFL, O_NONBLOCK)
    }
    return (ends[0], ends[1])
}
