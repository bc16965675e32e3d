import NIOCore
import Synchronization

/// Which connections are open, and which pumps still carry the bytes of one. State is guarded by the mutex.
final class ConnectionRegistry: Sendable {
    private struct State: Sendable {
        var next: UInt64 = 1
        /// `nil` for a connection that is being set up.
        var connections: [ConnectionID: NIOLoopBound<Connection>?] = [:]
        var pumps: [ObjectIdentifier: PumpInterrupt] = [:]
        var isStopping = false
        var waiting: [CheckedContinuation<Void, Never>] = []
        /// Since when there has been none; `nil` while there is one.
        var emptySince: ContinuousClock.Instant? = .now

        var isEmpty: Bool { connections.isEmpty && pumps.isEmpty }
    }

    private let state = Mutex(State())

    /// Reserves a place for a connection.
    /// - Throws: the error to tell the client: the server is full or stopping.
    func reserve(limit: Int) throws(RPCError) -> ConnectionID {
        try state.withLock { (state) throws(RPCError) in
            guard !state.isStopping else { throw .shuttingDown }
            guard state.connections.count < limit else {
                throw .overloaded(
                    "the daemon has \(limit) connections open, which is its limit (--max-connections); try again later")
            }
            let id = ConnectionID(state.next)
            state.next += 1
            state.emptySince = nil
            state.connections.updateValue(nil, forKey: id)
            return id
        }
    }

    /// - Returns: whether the connection may go on: not if the server began to stop meanwhile.
    func add(_ connection: NIOLoopBound<Connection>, id: ConnectionID) -> Bool {
        state.withLock { state in
            state.connections.updateValue(connection, forKey: id)
            return !state.isStopping
        }
    }

    func add(_ pump: PumpInterrupt) {
        state.withLock { state in
            state.emptySince = nil
            state.pumps[ObjectIdentifier(pump)] = pump
        }
    }

    func remove(_ id: ConnectionID) { change { $0.connections.removeValue(forKey: id) } }

    func remove(_ pump: PumpInterrupt) { change { $0.pumps.removeValue(forKey: ObjectIdentifier(pump)) } }

    /// Takes something out, and tells those who wait if it was the last.
    private func change<Removed>(_ remove: (inout State) -> Removed?) {
        let waiting = state.withLock { state in
            _ = remove(&state)
            guard state.isEmpty else { return [CheckedContinuation<Void, Never>]() }
            state.emptySince = .now
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Since when no connection has been open and no pump has run; `nil` while one does.
    var emptySince: ContinuousClock.Instant? { state.withLock { $0.emptySince } }

    var count: Int { state.withLock { $0.connections.count } }

    /// Refuses further connections.
    func stop() {
        state.withLock { $0.isStopping = true }
    }

    func forEach(_ body: @escaping @Sendable (Connection) -> Void) {
        for connection in state.withLock({ Array($0.connections.values) }) {
            guard let connection else { continue }
            connection.eventLoop.execute { body(connection.value) }
        }
    }

    /// Runs `body` with one connection, if it is still there.
    func with(_ id: ConnectionID, _ body: @escaping @Sendable (Connection) -> Void) {
        guard let connection = state.withLock({ $0.connections[id] ?? nil }) else { return }
        connection.eventLoop.execute { body(connection.value) }
    }

    func cutPumps() {
        for pump in state.withLock({ Array($0.pumps.values) }) { pump.cut() }
    }

    /// Returns when no connection and no pump is left, or at `stopWaiting`.
    func waitUntilEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if !state.isEmpty { state.waiting.append(continuation) }
                return state.isEmpty
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Ends every `waitUntilEmpty`, though connections are left.
    func stopWaiting() {
        let waiting = state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
