import Daemon
import FIxLIPProtocol
import Synchronization

/// A daemon of another release that speaks the same protocol: one that was running when the program was replaced. It is
/// used, and its user is told how to get the new one.
struct OtherRelease: CustomStringConvertible {
    /// The daemon's version.
    let theirs: String
    let stopCommand: String

    /// - Parameter daemon: what it says of itself, where it says all of it.
    /// - Returns: nil where it is of this program's release.
    init?(_ daemon: Initialize.Result?, stopCommand: String) {
        guard let theirs = daemon?.serverInfo.version, theirs != FIxLIPDaemonVersion.program else { return nil }
        self.theirs = theirs
        self.stopCommand = stopCommand
    }

    var description: String {
        "the daemon that runs is fixlipd \(theirs) and this program is \(FIxLIPDaemonVersion.program); it is used as it is. "
            + "After '\(stopCommand)' the next command starts one of this version"
    }

    /// Says it on standard error, the first time in a process.
    static func tellOnce(_ notice: String) {
        let isFirst = isTold.withLock { isTold in
            defer { isTold = true }
            return !isTold
        }
        if isFirst { TextOutput.note("note: \(notice)") }
    }

    private static let isTold = Mutex(false)
}
