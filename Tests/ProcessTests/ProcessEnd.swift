import Foundation

extension Process {
    /// Waits for the end of the process.
    ///
    /// `waitUntilExit` learns of it from a descriptor that the process holds, and so does any other that was started at
    /// the same moment: then it waits for that one too. So the kernel is asked, and the process left for Foundation to
    /// reap.
    /// - Returns: the status, or the negated signal.
    @discardableResult
    func waitForEnd() -> Int32 {
        var end = siginfo_t()
        while waitid(P_PID, id_t(processIdentifier), &end, WEXITED | WNOWAIT) != 0 {
            guard errno == EINTR else {
                // Foundation has reaped it.
                waitUntilExit()
                return terminationReason == .uncaughtSignal ? -terminationStatus : terminationStatus
            }
        }
        let status = end._sifields._sigchld.si_status
        return end.si_code == Int32(CLD_EXITED) ? status : -status
    }
}
