import JSONRPC

/// Whom a task works for. Queues let clients take turns, however much each of them asks for.
package enum Client {
    /// The connection whose request the current task handles; nil for the daemon's own work, which counts as one more
    /// client.
    @TaskLocal package static var current: ConnectionID?
}

/// Turns of clients in a queue. A client that has just had its turn queues again, with all it waits for, as if it had
/// come at that moment; so nobody waits for more than one turn of each of the others.
struct ClientTurns {
    /// When each client had its last turn, on the queue's own clock.
    private var last: [ConnectionID?: Double] = [:]

    /// Since when a client waits with something that came at `arrival`.
    func start(of client: ConnectionID?, arrival: Double) -> Double {
        max(arrival, last[client] ?? arrival)
    }

    mutating func took(_ client: ConnectionID?, at time: Double) { last[client] = time }

    /// Forgets clients that wait for nothing: whatever they ask for next comes after their last turn anyway.
    mutating func keep(_ isWaiting: (ConnectionID?) -> Bool) {
        last = last.filter { isWaiting($0.key) }
    }
}
