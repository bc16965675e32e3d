/// Versions of the program and of the protocol it speaks.
public enum FIxLIPDaemonVersion {
    public static let program = "0.1.0"
    /// Raised when a client of the version before would no longer be understood.
    public static let wireProtocol = 1
}
