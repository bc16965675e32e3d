import Synchronization

/// What is to be undone if nobody gets the reply of a request: what a handler made, such as a handle, and nobody will
/// ever name.
///
/// A reply is lost when its request was cancelled while the handler was about to return, when its client is gone, when
/// the request had no id, and when the handler fails after all.
final class LostReply: Sendable {
    private let remedies = Mutex<[@Sendable () async -> Void]>([])

    func add(_ remedy: @escaping @Sendable () async -> Void) {
        remedies.withLock { $0.append(remedy) }
    }

    /// Called once, by the event loop; does not wait for the remedies.
    func remedy() {
        let remedies = remedies.withLock { $0 }
        guard !remedies.isEmpty else { return }
        Task {
            for remedy in remedies.reversed() { await remedy() }
        }
    }
}
