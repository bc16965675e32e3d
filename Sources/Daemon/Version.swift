/// Versions of the program and of the protocol it speaks.
package enum FIxLIPDaemonVersion {
    package static let program = "0.1.0"
    /// Raised when a client of the version before would no longer be understood.
    package static let wireProtocol = 1
}
