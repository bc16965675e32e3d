import Synchronization

/// The values that were used last, as many as a number of bytes holds; those unused for longest go first.
package final class RecentValues<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Entry {
        let value: Value
        let bytes: Int
        var lastUse: UInt64
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var bytes = 0
        var uses: UInt64 = 0
    }

    private let state = Mutex(State())
    private let limit: Int

    /// - Parameter limit: bytes that all values may hold together; none is kept that is larger than a quarter of it.
    package init(limit: Int) { self.limit = limit }

    /// Bytes held.
    package var bytes: Int { state.withLock { $0.bytes } }

    package func value(of key: Key) -> Value? {
        state.withLock { state in
            state.uses += 1
            state.entries[key]?.lastUse = state.uses
            return state.entries[key]?.value
        }
    }

    /// Keeps a value in place of the one that the key had.
    package func keep(_ value: Value, bytes: Int, for key: Key) {
        state.withLock { state in
            if let old = state.entries.removeValue(forKey: key) { state.bytes -= old.bytes }
            guard bytes <= limit / 4 else { return }
            state.uses += 1
            state.entries[key] = Entry(value: value, bytes: bytes, lastUse: state.uses)
            state.bytes += bytes
            if state.bytes > limit { Self.shrink(&state, to: limit / 4 * 3) }
        }
    }

    package func removeAll() { state.withLock { $0 = State() } }

    /// Many go at a time, so that a long run of new values does not search for the oldest at each.
    private static func shrink(_ state: inout State, to bytes: Int) {
        for (key, entry) in state.entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            guard state.bytes > bytes else { return }
            state.entries[key] = nil
            state.bytes -= entry.bytes
        }
    }
}
