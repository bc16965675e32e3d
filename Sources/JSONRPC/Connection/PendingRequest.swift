import JSON
import NIOCore

/// Where a reply goes.
enum ReplyDestination {
    /// Its own message.
    case single
    /// An element of a batch's reply.
    case batch(BatchReply)
    /// Nowhere: a notification.
    case none
}

/// A request whose handler runs and whose reply has not been given.
struct PendingRequest {
    let id: RequestID?
    let method: String
    /// The params of `initialize`, which count once it has a result.
    let introduction: JSONValue?
    let destination: ReplyDestination
    let received: ContinuousClock.Instant
    let task: Task<Void, Never>
}

/// What a handler's end hands to the event loop: the reply, already written as JSON.
enum HandlerOutcome: Sendable {
    case result(ByteBuffer)
    case error(ByteBuffer)
    /// The handler gave up because its task was cancelled; the event loop knows by whom.
    case cancelled

    var kind: RequestTimings.Outcome {
        switch self {
        case .result: .result
        case .error: .error
        case .cancelled: .cancelled
        }
    }
}
