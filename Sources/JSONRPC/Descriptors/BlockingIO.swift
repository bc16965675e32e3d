import Foundation

/// Writes everything, waiting as long as it takes, also where the descriptor itself does not block.
/// - Returns: false once nobody takes any more.
package func writeAll(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Bool {
    bytes.withUnsafeBytes { raw in
        var rest = raw[...]
        while !rest.isEmpty {
            let written = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if written >= 0 {
                rest = rest.dropFirst(written)
            } else if errno == EAGAIN {
                var watched = [pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)]
                guard waitForAny(&watched) else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }
}

/// Waits for any of the descriptors, as long as it takes.
func waitForAny(_ watched: inout [pollfd]) -> Bool {
    while true {
        let ready = poll(&watched, nfds_t(watched.count), -1)
        if ready > 0 { return true }
        if ready < 0, errno != EINTR { return false }
    }
}

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
