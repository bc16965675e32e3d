import Synchronization

/// What a server has done since it started.
package struct ServerStatistics: Sendable {
    /// One method's requests and notifications.
    package struct Method: Sendable {
        package var count = 0
        package var errors = 0
        package var cancelled = 0
        /// From the arrival of the message to the reply.
        package var median = Duration.zero
        package var percentile90 = Duration.zero
        package var percentile99 = Duration.zero
        package var maximum = Duration.zero
    }

    package var connectionsOpen = 0
    package var connectionsAccepted = 0
    /// Turned away: too many connections, another user, or a stopping server.
    package var connectionsRefused = 0
    /// Closed because the client did not read its output.
    package var connectionsDropped = 0
    package var bytesRead = 0
    package var bytesWritten = 0
    /// Handlers running.
    package var inFlight = 0
    /// Bytes of the messages whose handlers run.
    package var heldBytes = 0
    /// Bytes of messages that have come in part, or wait to be parsed.
    package var unfinishedBytes = 0
    /// Requests turned away with error 1011.
    package var overloaded = 0
    /// Requests for methods that do not exist.
    package var unknownMethods = 0
    /// Messages that were not JSON or not requests.
    package var malformed = 0
    /// Progress reports and log notifications that a slow reader missed.
    package var notificationsDropped = 0
    /// Counts by the method's name; only methods that exist have any.
    package var methods: [String: Method] = [:]
}

/// The counters behind `ServerStatistics`, shared by all connections. The state is guarded by its mutex; `inFlight` and
/// the bytes are atomic because they are asked for with every request.
final class ServerLedger: Sendable {
    private struct MethodRecord: Sendable {
        var errors = 0
        var cancelled = 0
        var latency = LatencyHistogram()
    }

    private struct State: Sendable {
        var totals = ServerStatistics()
        var methods: [String: MethodRecord] = [:]
    }

    private let state = Mutex(State())
    private let inFlight = Atomic<Int>(0)
    private let heldBytes = Atomic<Int>(0)
    private let unfinishedBytes = Atomic<Int>(0)
    private let unsentBytes = Atomic<Int>(0)

    /// Counts `count` handlers in if fewer than `limit` are running.
    func admit(_ count: Int, limit: Int) -> Bool {
        var current = inFlight.load(ordering: .relaxed)
        while current < limit {
            let (exchanged, original) = inFlight.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
        return false
    }

    /// Counts a message of `count` bytes in if it is the only one, or all of them stay within `limit`.
    func hold(_ count: Int, limit: Int) -> Bool {
        var current = heldBytes.load(ordering: .relaxed)
        while current == 0 || current + count <= limit {
            let (exchanged, original) = heldBytes.weakCompareExchange(
                expected: current, desired: current + count, ordering: .relaxed)
            if exchanged { return true }
            current = original
        }
        return false
    }

    func letGo(_ count: Int) {
        heldBytes.subtract(count, ordering: .relaxed)
    }

    /// Counts bytes that have come (more than zero) or have been taken (less).
    /// - Returns: all that have come and have not been taken.
    func receive(_ change: Int) -> Int {
        unfinishedBytes.add(change, ordering: .relaxed).newValue
    }

    /// Counts bytes of output that were handed to a channel (more than zero) or have left it (less).
    /// - Returns: all that have not left.
    @discardableResult
    func unsent(_ change: Int) -> Int {
        unsentBytes.add(change, ordering: .relaxed).newValue
    }

    /// Whether a handler runs.
    var isBusy: Bool { inFlight.load(ordering: .relaxed) > 0 }

    func leave(_ count: Int = 1) {
        inFlight.subtract(count, ordering: .relaxed)
    }

    func count(_ keyPath: WritableKeyPath<ServerStatistics, Int> & Sendable, by amount: Int = 1) {
        state.withLock { $0.totals[keyPath: keyPath] += amount }
    }

    func finished(_ method: String, _ outcome: RequestTimings.Outcome, latency: Duration) {
        state.withLock {
            $0.methods[method, default: MethodRecord()].latency.record(latency)
            switch outcome {
            case .result: break
            case .error: $0.methods[method]?.errors += 1
            case .cancelled: $0.methods[method]?.cancelled += 1
            }
        }
    }

    var snapshot: ServerStatistics {
        var result = state.withLock { state in
            var totals = state.totals
            totals.methods = state.methods.mapValues { record in
                ServerStatistics.Method(
                    count: record.latency.count, errors: record.errors, cancelled: record.cancelled,
                    median: record.latency.quantile(0.5), percentile90: record.latency.quantile(0.9),
                    percentile99: record.latency.quantile(0.99), maximum: record.latency.maximum)
            }
            return totals
        }
        result.inFlight = inFlight.load(ordering: .relaxed)
        result.heldBytes = heldBytes.load(ordering: .relaxed)
        result.unfinishedBytes = unfinishedBytes.load(ordering: .relaxed)
        return result
    }
}
