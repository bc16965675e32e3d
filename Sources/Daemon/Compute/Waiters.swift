import Synchronization

/// Tasks that wait for what somebody else owns to change.
final class Waiters: Sendable {
    private struct State {
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var arrivals = 0
        var changes = 0
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.waiting.count } }

    /// Counts up with each ``wakeAll()``. To be read before looking at what may change: ``wait(after:)`` then misses
    /// nothing.
    var changes: Int { state.withLock { $0.changes } }

    /// Returns once ``wakeAll()`` was called after ``changes`` was read, or when the task is cancelled.
    func wait(after seen: Int) async {
        let number = state.withLock { state in
            state.arrivals += 1
            return state.arrivals
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waits = state.withLock { state in
                    guard !Task.isCancelled, state.changes == seen else { return false }
                    state.waiting[number] = continuation
                    return true
                }
                if !waits { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: number) }?.resume()
        }
    }

    func wakeAll() {
        let woken = state.withLock { state in
            state.changes += 1
            defer { state.waiting = [:] }
            return Array(state.waiting.values)
        }
        for waiter in woken { waiter.resume() }
    }
}
