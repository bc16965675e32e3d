import NIOCore

/// Gathers the replies of one batch; sent as one array when the last is in (JSON-RPC 2.0, section 6).
/// Confined to its connection's event loop.
final class BatchReply {
    private var missing: Int
    /// Bytes of the replies that are in.
    private(set) var bytes = 0
    private(set) var replies: [ByteBuffer] = []
    private(set) var finished: [FinishedRequest] = []

    init(expecting count: Int) {
        missing = count
        replies.reserveCapacity(count)
    }

    /// - Returns: whether all replies are in.
    func add(_ reply: ByteBuffer, _ request: FinishedRequest?) -> Bool {
        replies.append(reply)
        bytes += reply.readableBytes
        if let request { finished.append(request) }
        missing -= 1
        return missing == 0
    }

    /// The array's parts, to be written one after the other.
    var parts: [ByteBuffer] {
        var parts = [ByteBuffer(string: "[")]
        for (index, reply) in replies.enumerated() {
            if index > 0 { parts.append(ByteBuffer(string: ",")) }
            parts.append(reply)
        }
        parts.append(ByteBuffer(string: "]"))
        return parts
    }
}

/// A request that has its reply, up to the moment the reply is written.
struct FinishedRequest: Sendable {
    let method: String
    let id: RequestID?
    let outcome: RequestTimings.Outcome
    let received: ContinuousClock.Instant
    let started: ContinuousClock.Instant
    let replied: ContinuousClock.Instant
    var stages: [String: Duration] = [:]
}

extension FinishedRequest {
    /// A request that was answered without a handler.
    init(_ call: IncomingCall, _ outcome: RequestTimings.Outcome) {
        let now = ContinuousClock.now
        self.init(
            method: call.method, id: call.id, outcome: outcome, received: call.received, started: now, replied: now)
    }
}
