import Synchronization

/// Holds tasks until it is opened: what tests use in place of sleeping.
final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Returns when the gate is open; pays no attention to cancellation.
    func wait() async {
        await withCheckedContinuation { continuation in
            let isOpen = state.withLock { state in
                if !state.isOpen { state.waiting.append(continuation) }
                return state.isOpen
            }
            if isOpen { continuation.resume() }
        }
    }

    /// Returns when the gate is open, throws when the task is cancelled first.
    func waitUnlessCancelled() async throws {
        let cancelled = Gate()
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let once = Mutex<CheckedContinuation<Void, Never>?>(continuation)
                let resume: @Sendable () -> Void = {
                    once.withLock { held in
                        defer { held = nil }
                        return held
                    }?.resume()
                }
                Task {
                    await self.wait()
                    resume()
                }
                Task {
                    await cancelled.wait()
                    resume()
                }
            }
        } onCancel: {
            cancelled.open()
        }
        try Task.checkCancellation()
    }

    func open() {
        let waiting = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }
}
