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
    case error = 1, warning, info, log

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
    /// What the client said of itself in `initialize`: an object with `name` and perhaps `version`.
    public let clientInfo: JSONValue?
    /// As it was when the request came.
    public let traceLevel: TraceLevel
    let outlet: any Outlet
    let lostReply = LostReply()

    init(
        method: String, id: RequestID?, connection: ConnectionID, clientInfo: JSONValue?, traceLevel: TraceLevel,
        outlet: any Outlet
    ) {
        self.method = method
        self.id = id
        self.connection = connection
        self.clientInfo = clientInfo
        self.traceLevel = traceLevel
        self.outlet = outlet
    }

    /// A context without a connection, for calling handlers directly.
    /// - Parameter onNotification: gets each notification: method and params.
    public init(
        detached method: String, id: RequestID? = nil, clientInfo: JSONValue? = nil,
        onNotification: @escaping @Sendable (String, JSONValue) -> Void = { _, _ in }
    ) {
        self.init(
            method: method, id: id, connection: ConnectionID(0), clientInfo: clientInfo, traceLevel: .off,
            outlet: DetachedOutlet(deliver: onNotification))
    }

    /// Sends `$/progress` with this token. A client that reads slowly misses reports: while its output is backed up,
    /// the latest report of a token replaces the one not yet sent. No report comes after the reply.
    ///
    /// The value is written as JSON on the calling thread.
    public func sendProgress(token: JSONValue, value: JSONValue) {
        outlet.progress(token: token, value: value)
    }

    /// Says what is to be done if nobody gets this request's result, because it was cancelled meanwhile, or its client is gone, or it
    /// had no id, or the handler throws in the end. Nothing waits for it. For what would be left behind otherwise: a handle that
    /// the reply tells.
    public func ifReplyIsLost(_ remedy: @escaping @Sendable () async -> Void) { lostReply.add(remedy) }

    /// Sends `window/logMessage`; dropped when the client's output is backed up.
    public func log(_ type: LogMessageType, _ message: String) {
        notify("window/logMessage", params: type.params(message))
    }

    /// Sends `$/logTrace` if the client asked for it; `verbose` only to those that asked for that much.
    public func trace(_ message: @autoclosure () -> String, verbose: @autoclosure () -> String? = nil) {
        guard traceLevel != .off else { return }
        let message = JSONValue.string(message())
        var params: JSONValue = ["message": message]
        if traceLevel == .verbose, let verbose = verbose() {
            params = ["message": message, "verbose": .string(verbose)]
        }
        notify("$/logTrace", params: params)
    }

    /// Sends any notification; dropped when the client's output is backed up.
    public func notify(_ method: String, params: JSONValue) {
        outlet.notify(method, params: params)
    }
}

/// Where a request's notifications go.
protocol Outlet: Sendable {
    func progress(token: JSONValue, value: JSONValue)
    func notify(_ method: String, params: JSONValue)
}

private struct DetachedOutlet: Outlet {
    let deliver: @Sendable (String, JSONValue) -> Void

    func progress(token: JSONValue, value: JSONValue) {
        deliver("$/progress", ["token": token, "value": value])
    }

    func notify(_ method: String, params: JSONValue) { deliver(method, params) }
}
