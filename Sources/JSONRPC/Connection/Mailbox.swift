import Synchronization

/// Progress reports of running requests on their way to the connection's event loop, deposited from any thread.
///
/// While the client keeps up, everything goes out in order. While its output is backed up, a report replaces the unsent
/// one of the same request and token: so the mailbox holds at most one report per token, and a slow reader costs no
/// memory. State is guarded by the mutex.
final class Mailbox: Sendable {
    struct Letter: Sendable {
        /// The request that sent it.
        let sequence: UInt64
        let token: RequestID
        let bytes: [UInt8]
    }

    private struct State: Sendable {
        var letters: [Letter] = []
        var isBackedUp = false
        var isCollectionDue = false
        var isClosed = false
    }

    /// Letters that may wait for the event loop before replacement begins, however fast the client reads.
    private static let capacity = 32

    private let state = Mutex(State())

    /// What became of a letter.
    struct Deposit: Equatable {
        /// The caller must have the event loop collect.
        var mustCollect = false
        /// An older letter will not be sent.
        var dropped = false
    }

    func deposit(_ letter: Letter) -> Deposit {
        state.withLock { state in
            guard !state.isClosed else { return Deposit() }
            var deposit = Deposit()
            if state.isBackedUp || state.letters.count >= Self.capacity {
                let same = state.letters.lastIndex { $0.token == letter.token && $0.sequence == letter.sequence }
                if let same {
                    state.letters[same] = letter
                    deposit.dropped = true
                } else {
                    state.letters.append(letter)
                }
            } else {
                state.letters.append(letter)
            }
            if !state.isBackedUp, !state.isCollectionDue {
                state.isCollectionDue = true
                deposit.mustCollect = true
            }
            return deposit
        }
    }

    /// Takes every letter; on a client whose output is backed up, none until `isBackedUp` is false again.
    func collect(isBackedUp: Bool) -> [Letter] {
        state.withLock { state in
            state.isBackedUp = isBackedUp
            state.isCollectionDue = false
            guard !isBackedUp else { return [] }
            defer { state.letters = [] }
            return state.letters
        }
    }

    /// Takes the letters of one request, which is about to be replied to.
    func collect(of sequence: UInt64) -> [Letter] {
        state.withLock { state in
            guard !state.letters.isEmpty else { return [] }
            defer { state.letters.removeAll { $0.sequence == sequence } }
            return state.letters.filter { $0.sequence == sequence }
        }
    }

    func close() {
        state.withLock { state in
            state.isClosed = true
            state.letters = []
        }
    }
}
