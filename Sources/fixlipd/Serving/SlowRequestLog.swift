import JSONRPC
import Logging

/// Tells of requests that took long, and where the time went.
struct SlowRequestLog: Sendable {
    /// Requests that take less are not told of.
    let milliseconds: Double
    let logger: Logger
    /// Tells the client whose request it was.
    let tell: @Sendable (ConnectionID, String) -> Void

    private static let stages = ["queue", "decode", "load", "encode", "estimate"]

    /// One line: the method, its whole time, and the time by stage. Stages may run side by side, so that their sum may
    /// be more; time in none of them goes to reading and writing JSON and to bookkeeping.
    @Sendable func note(_ request: RequestTimings) {
        let total = request.queue + request.handle + request.write
        guard total / .milliseconds(1) >= milliseconds else { return }
        var spent = request.stages
        spent["queue", default: .zero] += request.queue
        let parts = Self.stages.map { "\($0) \(Self.text(spent[$0] ?? .zero))" } + ["write \(Self.text(request.write))"]
        let line = "slow request: \(request.method) \(Self.text(total)) ms: \(parts.joined(separator: ", "))"
        tell(request.connection, line)
        logger.notice(
            "\(line)",
            metadata: [
                "connection": "\(request.connection.number)", "id": "\(request.id.map { "\($0)" } ?? "none")",
                "outcome": "\(request.outcome)",
            ])
    }

    private static func text(_ duration: Duration) -> String { (duration / .milliseconds(1)).fixed(1) }
}
