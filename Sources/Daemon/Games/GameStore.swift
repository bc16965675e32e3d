import Interactions
import Logging
import Synchronization

/// The right to use a game: it stays in memory until this value goes.
package struct GameHold: ~Copyable, Sendable {
    package let game: MaskedGame
    private let store: GameStore

    fileprivate init(_ game: MaskedGame, in store: GameStore) {
        self.game = game
        self.store = store
    }

    deinit { store.release(game.key) }
}

/// Memory that an open explanation holds besides its games, booked until this value goes.
package struct MemoryHold: ~Copyable, Sendable {
    let bytes: Int
    private let store: GameStore

    fileprivate init(_ bytes: Int, in store: GameStore) {
        self.bytes = bytes
        self.store = store
    }

    deinit { store.releaseMemory(bytes) }
}

/// The warm games: a ``GameCache`` within its budget, and what the archive keeps of them over a restart.
package final class GameStore: Sendable {
    package let limit: Int
    private let cache: Mutex<GameCache>
    private let waiters = Waiters()
    private let archive: GameArchive?
    private let threads: WorkThreads
    private let logger: Logger
    /// Set once, when the store is made.
    private let writer: Mutex<GameWriter?>

    /// - Parameters:
    ///   - archive: where games are kept over a restart.
    ///   - threads: those that read and write it.
    package init(limit: Int, archive: GameArchive?, on threads: WorkThreads, logger: Logger) {
        self.limit = limit
        self.archive = archive
        self.threads = threads
        self.logger = logger
        cache = Mutex(GameCache(limit: limit))
        writer = Mutex(nil)
        guard let archive else { return }
        let made = GameWriter(archive, on: threads, logger: logger) { [weak self] key in
            self?.cache.withLock { $0.facts(key) }
        }
        writer.withLock { $0 = made }
    }

    private var keeping: GameWriter? { writer.withLock { $0 } }

    /// The game of `key`, read from the archive or made if there is none in memory. One that is kept but does not fit
    /// beside what explanations hold begins anew.
    package func hold(_ key: GameKey, players: Int, dimension: Int) async throws -> GameHold {
        let room = cache.withLock { $0.contains(key) ? nil : $0.roomBesideHeld }
        var kept: GameSamples?
        if let archive, let room {
            kept = try await threads.run { _ in
                archive.read(key, players: players, dimension: dimension, upTo: room)
            }
        }
        let (game, dropped, masks): (MaskedGame, GameCache.Dropped, Int?) = cache.withLock { cache in
            if let game = cache.hold(key) { return (game, GameCache.Dropped(), nil) }
            var samples = GameSamples(players: players, dimension: dimension)
            var dropped = GameCache.Dropped()
            if let kept {
                dropped = cache.shrink(for: cache.budget.reserved + kept.bytes)
                if cache.budget.room(for: kept.bytes, beside: cache.total) == .free { samples = kept }
            }
            let game = MaskedGame(key: key, samples: samples) { [weak self] in self?.bookExpansions(key, bytes: $0) }
            cache.insert(game, key, masks: samples.count, bytes: samples.count > 0 ? samples.bytes : 0)
            _ = cache.hold(key)
            return (game, dropped, samples.count)
        }
        finish(dropped)
        if let masks { keeping?.wasRead(key, masks: masks) }
        return GameHold(game, in: self)
    }

    fileprivate func release(_ key: GameKey) {
        let (isForgotten, dropped) = cache.withLock { cache in
            let isForgotten = cache.release(key)
            return (isForgotten, cache.shrink())
        }
        if isForgotten { keeping?.forget([key]) } else { keeping?.wasReleased(key) }
        finish(dropped)
    }

    /// Books what an explanation holds besides its games.
    /// - Throws: `ApplicationError` of kind `memoryLimit` where it does not fit beside what others hold.
    package func holdMemory(_ bytes: Int) throws(ApplicationError) -> MemoryHold {
        let (dropped, refusal) = cache.withLock { cache -> (GameCache.Dropped, ApplicationError?) in
            let dropped = cache.shrink(for: cache.budget.reserved + bytes)
            guard cache.budget.room(for: bytes, beside: cache.total) == .free else {
                return (dropped, refuse("this picture needs", bytes, advice: "close some,", &cache))
            }
            cache.budget.explanationBytes += bytes
            return (dropped, nil)
        }
        finish(dropped)
        if let refusal { throw refusal }
        return MemoryHold(bytes, in: self)
    }

    fileprivate func releaseMemory(_ bytes: Int) { cache.withLock { $0.budget.explanationBytes -= bytes } }

    /// Books what a game holds after masks were added.
    package func book(_ key: GameKey, masks: Int, bytes: Int) {
        let dropped = cache.withLock { cache in
            cache.book(key, masks: masks, bytes: bytes)
            return cache.shrink()
        }
        finish(dropped)
        keeping?.grew(key, masks: masks)
    }

    /// Books what the estimates of a game keep.
    private func bookExpansions(_ key: GameKey, bytes: Int) {
        let dropped = cache.withLock { cache in
            cache.bookExpansions(key, bytes: bytes)
            return cache.shrink()
        }
        finish(dropped)
    }

    /// Writes everything that has changed to the archive and returns when it is done, or after `patience`.
    package func keepAll(within patience: Duration) async {
        await keeping?.writeAll(cache.withLock { $0.all.map(\.key) }, within: patience)
    }

    /// Runs `body`, which encodes and books at most `bytes` more, with that much set aside for it. Where only what
    /// others have set aside is in the way, it waits for them.
    /// - Throws: `ApplicationError` of kind `memoryLimit` if open explanations alone leave too little;
    ///   `CancellationError`; what `body` throws.
    package func withRoom<Value: Sendable>(
        for bytes: Int, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            let seen = waiters.changes
            let (room, dropped, refusal) = cache.withLock {
                cache -> (GameBudget.Room, GameCache.Dropped, ApplicationError?) in
                let dropped = cache.shrink(for: cache.budget.reserved + bytes)
                let room = cache.budget.room(for: bytes, beside: cache.total)
                if room == .free { cache.budget.reserved += bytes }
                return (
                    room, dropped,
                    room == .none
                        ? refuse("these masks need", bytes, advice: "close some, ask for fewer masks,", &cache) : nil
                )
            }
            finish(dropped)
            if let refusal { throw refusal }
            if room == .free { break }
            await waiters.wait(after: seen)
            try Task.checkCancellation()
        }
        defer {
            cache.withLock { $0.budget.reserved -= bytes }
            waiters.wakeAll()
        }
        return try await body()
    }

    private func refuse(
        _ subject: String, _ bytes: Int, advice: String, _ cache: inout GameCache
    ) -> ApplicationError {
        let total = cache.total
        if cache.budget.isToBeTold(beside: total) {
            logger.warning(
                "open explanations fill the memory for games",
                metadata: ["held": "\(mebibytes(total))", "limit": "\(mebibytes(limit)) (--game-memory)"])
        }
        return cache.budget.refusal(of: subject, bytes, beside: total, advice: advice)
    }

    private func finish(_ dropped: GameCache.Dropped) {
        for game in dropped.expansions { Task { await game.forgetExpansions() } }
        if !dropped.games.isEmpty { keeping?.forget(dropped.games) }
    }

    /// Memory of some games, with what their estimates keep.
    package func bytes(of keys: [GameKey]) -> Int { cache.withLock { $0.bytes(of: keys) } }

    package var status: GameStatus {
        cache.withLock {
            GameStatus(image: $0.sum(.image), text: $0.sum(.text), limit: limit, evicted: $0.evicted)
        }
    }
}
