import JSON
import Synchronization

/// Names a connection for as long as the process runs.
package struct ConnectionID: Hashable, Sendable, CustomStringConvertible {
    package let number: UInt64

    package init(_ number: UInt64) { self.number = number }

    package var description: String { "connection \(number)" }
}

/// How much a client wants to hear through `$/logTrace` (LSP, `TraceValue`).
package enum TraceLevel: String, Sendable {
    case off, messages, verbose
}

/// How grave a `window/logMessage` is (LSP, `MessageType`).
package enum LogMessageType: Int, Sendable {
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
package struct RequestContext: Sendable {
    package let method: String
    /// `nil` for a notification.
    package let id: RequestID?
    package let connection: ConnectionID
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
    package func sendProgress(token: JSONValue, value: JSONValue) {
        outlet.progress(token: token, value: value)
    }

    /// Says what is to be done if nobody gets this request's result, because it was cancelled meanwhile, or its client
    /// is gone, or it had no id, or the handler throws in the end. Nothing waits for it. For what would be left behind
    /// otherwise: a handle that the reply tells.
    package func ifReplyIsLost(_ remedy: @escaping @Sendable () async -> Void) { lostReply.add(remedy) }
}

/// What is to be undone if nobody gets the reply of a request: what a handler made, such as a handle, and nobody will
/// ever name.
///
/// A reply is lost when its request was cancelled while the handler was about to return, when its client is gone, when
/// the request had no id, and when the handler fails after all.
final class LostReply: Sendable {
    private let remedies = Mutex<[@Sendable () async -> Void]>([])

    func add(_ remedy: @escaping @Sendable () async -> Void) {
        remedies.withLock { $0.append(remedy) }
    }

    /// Called once, by the event loop; does not wait for the remedies.
    func remedy() {
        let remedies = remedies.withLock { $0 }
        guard !remedies.isEmpty else { return }
        Task {
            for remedy in remedies.reversed() { await remedy() }
        }
    }
}

/// Adds up where the time of one request goes. Work that a handler hands to threads of its own says which stage it was,
/// through `current`; stages that run side by side count each.
package final class RequestStages: Sendable {
    /// The request that the current task works for.
    @TaskLocal package static var current: RequestStages?

    private let spent = Mutex<[String: Duration]>([:])

    /// Time by stage, as far as it is known.
    package var durations: [String: Duration] { spent.withLock { $0 } }

    package init() {}

    package func add(_ stage: String, _ duration: Duration) {
        spent.withLock { $0[stage, default: .zero] += duration }
    }
}
