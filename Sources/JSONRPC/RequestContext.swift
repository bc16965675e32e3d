public import JSON

/// Names a connection for as long as the process runs.
public struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
    public let number: UInt64

    public init(_ number: UInt64) { self.number = number }

    public var description: String { "connection \(number)" }
}

/// How much a client wants to hear through `$/logTrace` (LSP, `TraceValue`).
public enum TraceLevel: String, Sendable {
    case off, messages, verbose
}

/// How grave a `window/logMessage` is (LSP, `MessageType`).
public enum LogMessageType: Int, Sendable {
    case error = 1
    case warning, info, log

    /// Whether clients are told without having asked.
    var isGrave: Bool { rawValue <= Self.warning.rawValue }

    func params(_ message: String) -> JSONValue {
        ["type": .integer(Int64(rawValue)), "message": .string(message)]
    }
}

/// What a handler knows of its request and its client, and how it speaks to it before the reply.
///
/// All of its functions may be called from any thread, never block, and do nothing once the request has been replied
/// to or the client is gone.
public struct RequestContext: Sendable {
    public let method: String
    /// `nil` for a notification.
    public let id: RequestID?
    public let connection: ConnectionID
    let outlet: Outlet
    let lostReply = LostReply()

    init(method: String, id: RequestID?, connection: ConnectionID, outlet: Outlet) {
        self.method = method
        self.id = id
        self.connection = connection
        self.outlet = outlet
    }

    /// Sends `$/progress` with this token. A client that reads slowly misses reports: while its output is backed up,
    /// the latest report of a token replaces the one not yet sent. No report comes after the reply.
    ///
    /// The value is written as JSON on the calling thread.
    public func sendProgress(token: JSONValue, value: JSONValue) {
        outlet.progress(token: token, value: value)
    }

    /// Says what is to be done if nobody gets this request's result, because it was cancelled meanwhile, or its client
    /// is gone, or it had no id, or the handler throws in the end. Nothing waits for it. For what would be left behind
    /// otherwise: a handle that the reply tells.
    public func ifReplyIsLost(_ remedy: @escaping @Sendable () async -> Void) { lostReply.add(remedy) }
}
