/// The application's own error codes, beside those of JSON-RPC 2.0.
public enum ErrorKind: Int, Sendable, CaseIterable {
    case modelNotFound = 1001
    case modelUnsupported = 1002
    case modelCorrupt = 1003
    case imageUnreadable = 1004
    case imageTooLarge = 1005
    case pathNotAllowed = 1006
    case textInvalid = 1007
    case explanationNotFound = 1008
    case budgetInvalid = 1009
    case memoryLimit = 1010
    case overloaded = 1011
    case shuttingDown = 1012
    case modelInUse = 1013

    /// The word in `data.kind`.
    public var name: String { "\(self)" }

    /// Whether the same request may succeed a moment later.
    public var isRetryable: Bool { self == .overloaded || self == .modelInUse }
}
