import Synchronization

/// What a server has done since it started.
public struct ServerStatistics: Sendable {
    /// One method's requests and notifications.
    public struct Method: Sendable {
        public var count = 0
        public var errors = 0
        public var cancelled = 0
        /// From the arrival of the message to the reply.
        public var median = Duration.zero
        public var percentile90 = Duration.zero
        public var percentile99 = Duration.zero
        public var maximum = Duration.zero
    }

    public var connectionsOpen = 0
    public var connectionsAccepted = 0
    /// Turned away: too many connections, another user, or a stopping server.
    public var connectionsRefused = 0
    /// Closed because the client did not read its output.
    public var connectionsDropped = 0
    public var bytesRead = 0
    public var bytesWritten = 0
    /// Handlers running.
    public var inFlight = 0
    /// Of the messages whose handlers run.
    public var heldBytes = 0
    /// Of messages that have come in part, or wait to be parsed.
    public var unfinishedBytes = 0
    /// Requests turned away with error 1011.
    public var overloaded = 0
    /// Requests for methods that do not exist.
    public var unknownMethods = 0
    /// Messages that were not JSON or not requests.
    public var malformed = 0
    /// Progress reports and log notifications that a slow reader missed.
    public var notificationsDropped = 0
    /// By method name; only methods that exist.
    public var methods: [String: Method] = [:]
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
