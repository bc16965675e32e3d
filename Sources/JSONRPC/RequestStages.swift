import Synchronization

/// Adds up where the time of one request goes. Work that a handler hands to threads of its own says which stage it was,
/// through `current`; stages that run side by side count each.
public final class RequestStages: Sendable {
    /// The request that the current task works for.
    @TaskLocal public static var current: RequestStages?

    private let spent = Mutex<[String: Duration]>([:])

    /// Time by stage, as far as it is known.
    public var durations: [String: Duration] { spent.withLock { $0 } }

    public init() {}

    public func add(_ stage: String, _ duration: Duration) {
        spent.withLock { $0[stage, default: .zero] += duration }
    }
}
