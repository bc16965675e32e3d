import COneDNN

/// Threads that help another one: while a context leads a team, the rows of its products, normalisations and attention
/// are shared out over the threads that serve the team at the time. Results are the same bits, since no row depends on
/// those beside it.
///
/// Threads come and go between operations, so that leading a team which nobody serves costs nothing, and one that
/// serves can be called back to other work at any time.
// Unchecked: the C object guards its members by a mutex and atomics; the pointer never changes.
package final class ComputeTeam: @unchecked Sendable {
    fileprivate let team: OpaquePointer

    /// Operations of fewer multiplications are not shared.
    package static let leastWork = 2 * Int(CDNN_LEAST_SHARED_WORK)

    /// - Throws: ``TensorError/outOfMemory(operation:)``.
    package init() throws(TensorError) {
        guard let created = cdnn_team_create() else { throw .outOfMemory(operation: "a team of threads") }
        team = created
    }

    deinit {
        cdnn_team_destroy(team)
    }

    /// How often ``dismiss()`` was called.
    package var dismissals: UInt32 { cdnn_team_dismissals(team) }

    /// The threads that serve.
    package var servers: Int { Int(cdnn_team_servers(team)) }

    /// Works for the leader, until the team is closed or was dismissed more often than `dismissals` (read before the
    /// decision to serve).
    /// - Parameter context: the serving thread's.
    package func serve(with context: ComputeContext, dismissals: UInt32) {
        context.useCallingThreadOnly()
        context.withPointer { cdnn_team_serve(team, $0, dismissals) }
    }

    /// Calls those that serve back, after the operation in hand. They may serve again.
    package func dismiss() {
        cdnn_team_dismiss(team)
    }

    /// Calls them back for good. Whoever opens a team to others closes it, whether it was ever led or not.
    package func close() {
        cdnn_team_close(team)
    }
}

extension ComputeContext {
    /// Runs `body`, whose operations are shared out over the threads that serve `team`.
    package func leading<Value, Failure: Error>(
        _ team: ComputeTeam, _ body: () throws(Failure) -> Value
    ) throws(Failure) -> Value {
        withPointer { cdnn_context_lead($0, team.team) }
        defer { withPointer { cdnn_context_lead($0, nil) } }
        return try body()
    }
}
