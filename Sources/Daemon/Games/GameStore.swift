import FIxLIPProtocol
import Foundation
import Interactions
import Logging

/// Owns the warm games: at most `limit` bytes, least recently used out first, never one that an explanation holds. What
/// estimates keep of a game counts and goes before any masks do; what open explanations keep of their pictures counts
/// and stays.
actor GameStore {
    private struct Entry {
        let game: MaskedGame
        var holders: Int
        var bytes: Int
        /// Of what its estimates keep.
        var expansionBytes = 0
        var masks: Int
        var lastUse: Int
        /// Masks that the archive holds.
        var kept = 0
        /// Masks when it was last tried to write it.
        var tried = 0
    }

    let limit: Int
    private var entries: [GameKey: Entry] = [:]
    /// Bytes that open explanations hold besides their games, by handle.
    private var explanations: [String: Int] = [:]
    private var clock = 0
    private(set) var evicted = 0
    /// Bytes set aside for masks that are being encoded.
    private var reserved = 0
    /// Whether it was told that open explanations fill the memory; it is told again once they have left half of it.
    private var isFull = false
    private let waiters = Waiters()

    /// Games that are being written to the archive.
    private var keeping: [GameKey: Task<Void, Never>] = [:]
    private let archive: GameArchive?
    private let files: WorkThreads
    private let logger: Logger
    /// Games that could not be written. The log tells of the first one and of the end only.
    private var unkept: Set<GameKey> = []

    /// - Parameters:
    ///   - archive: where games are kept over a restart.
    ///   - files: the threads that read and write it.
    init(limit: Int, archive: GameArchive?, files: WorkThreads, logger: Logger) {
        self.limit = limit
        self.archive = archive
        self.files = files
        self.logger = logger
    }

    /// The game of `key`, read from the archive or made if there is none in memory, held until `release`. One that is
    /// kept but does not fit beside what explanations hold begins anew.
    func hold(_ key: GameKey, players: Int, dimension: Int) async throws -> MaskedGame {
        var kept: GameSamples?
        if entries[key] == nil, let archive {
            let held = entries.values.reduce(explanationBytes) { $0 + ($1.holders > 0 ? $1.bytes : 0) }
            let room = limit - reserved - held
            kept = try await files.run { archive.read(key, players: players, dimension: dimension, upTo: room) }
        }
        clock += 1
        var entry = entries[key] ?? makeEntry(key, kept, players: players, dimension: dimension)
        entry.holders += 1
        entry.lastUse = clock
        entries[key] = entry
        return entry.game
    }

    private func makeEntry(_ key: GameKey, _ kept: GameSamples?, players: Int, dimension: Int) -> Entry {
        var samples = GameSamples(players: players, dimension: dimension)
        if let kept {
            shrink(by: reserved + kept.bytes)
            if total + reserved + kept.bytes <= limit { samples = kept }
        }
        return Entry(
            game: MaskedGame(key: key, samples: samples) { [weak self] in await self?.bookExpansions(key, bytes: $0) },
            holders: 0, bytes: samples.count > 0 ? samples.bytes : 0, masks: samples.count, lastUse: clock,
            kept: samples.count,
            tried: samples.count)
    }

    func release(_ key: GameKey) {
        entries[key]?.holders -= 1
        guard let entry = entries[key] else { return }
        if entry.holders == 0, entry.masks == 0 { entries[key] = nil }
        if entry.masks > entry.kept { keep(key) }
        shrink(by: 0)
    }

    /// Books what an explanation holds besides its games, until `releaseExplanation`.
    /// - Throws: `ApplicationError` of kind `memoryLimit` where it does not fit beside what others hold.
    func holdExplanation(_ id: String, bytes: Int) throws(ApplicationError) {
        shrink(by: reserved + bytes)
        guard total + reserved + bytes <= limit else {
            throw refusal(of: "this picture needs", bytes, advice: "close some,")
        }
        explanations[id] = bytes
    }

    func releaseExplanation(_ id: String) { explanations[id] = nil }

    /// Books what a game holds after masks were added.
    func book(_ key: GameKey, masks: Int, bytes: Int) {
        clock += 1
        entries[key]?.masks = masks
        entries[key]?.bytes = bytes
        entries[key]?.lastUse = clock
        shrink(by: 0)
        if let entry = entries[key], masks >= entry.tried + entry.tried / 2 + 16 { keep(key) }
    }

    /// Books what the estimates of a game keep.
    private func bookExpansions(_ key: GameKey, bytes: Int) {
        entries[key]?.expansionBytes = bytes
        shrink(by: 0)
    }

    /// Writes everything that has changed to the archive and returns when it is done, or after `patience`: a disk that
    /// does not answer must not hold up the end.
    func keepAll(within patience: Duration) async {
        guard archive != nil else { return }
        let (stream, end) = AsyncStream<Void>.makeStream()
        Task {
            // What is being written in the background may have grown since.
            await waitUntilKept()
            for (key, entry) in entries where entry.masks > entry.kept { keep(key) }
            await waitUntilKept()
            end.finish()
        }
        let timer = Task {
            try? await Task.sleep(for: patience)
            end.finish()
        }
        for await _ in stream {}
        timer.cancel()
        let left = entries.values.count { $0.masks > $0.kept }
        if left > 0 { logger.warning("games could not be kept at the end", metadata: ["games": "\(left)"]) }
    }

    private func waitUntilKept() async {
        while let task = keeping.values.first { await task.value }
    }

    /// Writes a game to the archive in the background, so that a daemon that is killed loses little of it.
    private func keep(_ key: GameKey) {
        guard archive != nil, let entry = entries[key], keeping[key] == nil else { return }
        keeping[key] = Task {
            let isKept = await write(key, entry.game)
            keeping[key] = nil
            if isKept, let entry = entries[key], entry.holders == 0, entry.masks > entry.kept { keep(key) }
        }
    }

    /// Writes a game to the archive; one that could not be written is tried again when it has grown, is closed, or at
    /// the end.
    /// - Returns: whether it was written.
    private func write(_ key: GameKey, _ game: MaskedGame) async -> Bool {
        guard let archive else { return false }
        let samples = await game.samples
        entries[key]?.tried = samples.count
        let outcome: GameArchiveError?
        do {
            outcome = try await files.run {
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
        if let outcome {
            if unkept.isEmpty {
                logger.warning(
                    "a game could not be kept", metadata: ["file": "\(outcome.file)", "reason": "\(outcome.reason)"])
            }
            unkept.insert(key)
            return false
        }
        entries[key]?.kept = samples.count
        if !unkept.isEmpty {
            unkept = unkept.filter { $0 != key && entries[$0] != nil }
            if unkept.isEmpty { logger.notice("games are kept again") }
            // There may be room for another, which nobody else would try again while it is not in use.
            if let next = unkept.first(where: { entries[$0]?.holders == 0 }) { keep(next) }
        }
        return true
    }

    /// Runs `body`, which encodes and books at most `bytes` more, with so much set aside for it. Where only what others
    /// have set aside is in the way, it waits for them.
    /// - Throws: `ApplicationError` of kind `memoryLimit` if open explanations alone leave too little;
    ///   `CancellationError`; what `body` throws.
    func withRoom<Value: Sendable>(
        for bytes: Int, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        while true {
            shrink(by: reserved + bytes)
            if 2 * total <= limit { isFull = false }
            if total + reserved + bytes <= limit { break }
            guard total + bytes <= limit else {
                throw refusal(of: "these masks need", bytes, advice: "close some, ask for fewer masks,")
            }
            await waiters.wait()
            try Task.checkCancellation()
        }
        reserved += bytes
        defer {
            reserved -= bytes
            waiters.wakeAll()
        }
        return try await body()
    }

    /// The error of what finds no room beside open explanations.
    private func refusal(of subject: String, _ bytes: Int, advice: String) -> ApplicationError {
        noteFull()
        return ApplicationError(
            .memoryLimit,
            "\(subject) \(mebibytes(bytes)), but open explanations already hold \(mebibytes(total)) of \(mebibytes(limit)): "
                + "\(advice) or start the daemon with a larger --game-memory")
    }

    /// Tells once that open explanations are in the way of others, not for each request that is refused. One that would
    /// not fit beside little is told so by its error alone.
    private func noteFull() {
        guard !isFull, 2 * total > limit else { return }
        isFull = true
        logger.warning(
            "open explanations fill the memory for games",
            metadata: ["held": "\(mebibytes(total))", "limit": "\(mebibytes(limit)) (--game-memory)"])
    }

    /// Memory of some games, with what their estimates keep.
    func bytes(of keys: [GameKey]) -> Int {
        keys.reduce(0) { $0 + (entries[$1].map { $0.bytes + $0.expansionBytes } ?? 0) }
    }

    func status() -> ServerStatus.GameMemory {
        func sum(_ modality: Modality) -> ServerStatus.Games {
            let chosen = entries.filter { $0.key.modality == modality }.values
            return ServerStatus.Games(
                count: chosen.count, masks: chosen.reduce(0) { $0 + $1.masks },
                bytes: chosen.reduce(0) { $0 + $1.bytes + $1.expansionBytes })
        }
        return ServerStatus.GameMemory(
            image: sum(.image), text: sum(.text), limitBytes: limit, evicted: evicted)
    }

    private var explanationBytes: Int { explanations.values.reduce(0, +) }

    private var total: Int { entries.values.reduce(explanationBytes) { $0 + $1.bytes + $1.expansionBytes } }

    private func shrink(by bytes: Int) {
        var excess = total + bytes - limit
        guard excess > 0 else { return }
        for (key, entry) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse })
        where excess > 0 && entry.expansionBytes > 0 {
            excess -= entry.expansionBytes
            entries[key]?.expansionBytes = 0
            Task { await entry.game.forgetExpansions() }
        }
        let idle = entries.filter { $0.value.holders == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
        for (key, entry) in idle where excess > 0 {
            excess -= entry.bytes
            entries[key] = nil
            unkept.remove(key)
            evicted += 1
        }
    }
}

/// As the options give it, to a tenth: an explanation of a small model needs less than one.
private func mebibytes(_ bytes: Int) -> String {
    String(format: bytes % (1 << 20) == 0 ? "%.0f MiB" : "%.1f MiB", Double(bytes) / Double(1 << 20))
}
