import Logging
import Synchronization

/// Writes games to the archive in the background, so that a daemon that is killed loses little of them. One that could
/// not be written is tried again when it has grown, is closed, when another could be written, or at the end.
final class GameWriter: Sendable {
    /// How a game stands: its masks so far, and whether somebody holds it; nil where it left the memory.
    typealias Look = @Sendable (GameKey) -> GameCache.Facts?

    private struct State {
        /// Masks that the archive holds.
        var kept: [GameKey: Int] = [:]
        /// Masks when it was last tried to write a game.
        var tried: [GameKey: Int] = [:]
        var writing: [GameKey: Task<Void, Never>] = [:]
        /// Games that could not be written. The log tells of the first one and of the end only.
        var unkept: Set<GameKey> = []
    }

    private let archive: GameArchive
    private let threads: WorkThreads
    private let logger: Logger
    private let look: Look
    private let state = Mutex(State())

    init(_ archive: GameArchive, on threads: WorkThreads, logger: Logger, look: @escaping Look) {
        self.archive = archive
        self.threads = threads
        self.logger = logger
        self.look = look
    }

    /// Notes that a game with `masks` masks was read from the archive.
    func wasRead(_ key: GameKey, masks: Int) {
        state.withLock { state in
            state.kept[key] = masks
            state.tried[key] = masks
        }
    }

    /// Writes a game that has grown by half since it was last tried.
    func grew(_ key: GameKey, masks: Int) {
        let tried = state.withLock { $0.tried[key, default: 0] }
        if masks >= tried + tried / 2 + 16 { write(key) }
    }

    /// Writes a game that one holder less holds, unless the archive has it all.
    func wasReleased(_ key: GameKey) { if hasMore(key) { write(key) } }

    func forget(_ keys: [GameKey]) {
        state.withLock { state in
            for key in keys {
                state.kept[key] = nil
                state.tried[key] = nil
                state.unkept.remove(key)
            }
        }
    }

    /// Writes those of the games that have changed and returns when it is done, or after `patience`: a disk that does
    /// not answer must not hold up the end.
    func writeAll(_ keys: [GameKey], within patience: Duration) async {
        let (stream, end) = AsyncStream<Void>.makeStream()
        Task {
            // What is being written in the background may have grown since.
            await waitUntilWritten()
            for key in keys where hasMore(key) { write(key) }
            await waitUntilWritten()
            end.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: patience)
            end.finish()
        }
        for await _ in stream {}
        timer.cancel()
        let left = keys.count(where: hasMore)
        if left > 0 { logger.warning("games could not be kept at the end", metadata: ["games": "\(left)"]) }
    }

    private func waitUntilWritten() async {
        while let task = state.withLock({ $0.writing.values.first }) { await task.value }
    }

    /// Whether the game has masks that the archive lacks.
    private func hasMore(_ key: GameKey) -> Bool {
        guard let facts = look(key) else { return false }
        return facts.masks > state.withLock { $0.kept[key, default: 0] }
    }

    private func write(_ key: GameKey) {
        guard let game = look(key)?.game else { return }
        state.withLock { state in
            guard state.writing[key] == nil else { return }
            state.writing[key] = Task {
                let isWritten = await write(key, game)
                self.state.withLock { $0.writing[key] = nil }
                if isWritten, look(key)?.isHeld == false, hasMore(key) { write(key) }
            }
        }
    }

    /// - Returns: whether it was written.
    private func write(_ key: GameKey, _ game: MaskedGame) async -> Bool {
        let samples = await game.samples
        state.withLock { $0.tried[key] = samples.count }
        let failure: GameArchiveError?
        do {
            failure = try await threads.run { [archive] _ in
                do throws(GameArchiveError) {
                    try archive.write(key, samples)
                    return nil
                } catch {
                    return error
                }
            }
        } catch {
            // The threads have stopped.
            return false
        }
        if let failure {
            let isFirst = state.withLock { state in
                defer { state.unkept.insert(key) }
                return state.unkept.isEmpty
            }
            if isFirst {
                logger.warning(
                    "a game could not be kept", metadata: ["file": "\(failure.file)", "reason": "\(failure.reason)"])
            }
            return false
        }
        wasKept(key, masks: samples.count)
        return true
    }

    private func wasKept(_ key: GameKey, masks: Int) {
        let others: Set<GameKey>? = state.withLock { state in
            if look(key) != nil { state.kept[key] = masks }
            guard !state.unkept.isEmpty else { return nil }
            state.unkept = state.unkept.filter { $0 != key && look($0) != nil }
            return state.unkept
        }
        guard let others else { return }
        if others.isEmpty { logger.notice("games are kept again") }
        // There may be room for another, which nobody else would try again while it is not in use.
        if let next = others.first(where: { look($0)?.isHeld == false }) { write(next) }
    }
}
