import FIxLIPProtocol
import Interactions

/// Owns the warm games: at most `limit` bytes, least recently used out first, never one that an explanation holds.
actor GameStore {
    private struct Entry {
        let game: MaskedGame
        var holders: Int
        var bytes: Int
        var masks: Int
        var lastUse: Int
    }

    let limit: Int
    private var entries: [GameKey: Entry] = [:]
    private var clock = 0
    private(set) var evicted = 0

    init(limit: Int) {
        self.limit = limit
    }

    /// The game of `key`, made if there is none, held until `release`.
    func hold(_ key: GameKey, players: Int, dimension: Int) -> MaskedGame {
        clock += 1
        var entry =
            entries[key]
            ?? Entry(
                game: MaskedGame(key: key, samples: GameSamples(players: players, dimension: dimension)), holders: 0,
                bytes: 0, masks: 0, lastUse: clock)
        entry.holders += 1
        entry.lastUse = clock
        entries[key] = entry
        return entry.game
    }

    func release(_ key: GameKey) {
        entries[key]?.holders -= 1
        shrink(by: 0)
    }

    /// Books what a game holds after masks were added.
    func book(_ key: GameKey, masks: Int, bytes: Int) {
        clock += 1
        entries[key]?.masks = masks
        entries[key]?.bytes = bytes
        entries[key]?.lastUse = clock
        shrink(by: 0)
    }

    /// Makes room for `bytes` more.
    /// - Throws: `ApplicationError` of kind `memoryLimit` if open explanations alone leave too little.
    func makeRoom(for bytes: Int) throws {
        shrink(by: bytes)
        guard total + bytes <= limit else {
            throw ApplicationError(
                .memoryLimit,
                "these masks need \(bytes >> 20) MiB, but open explanations already hold \(total >> 20) of \(limit >> 20) MiB: "
                    + "close some, ask for fewer masks, or start the daemon with a larger --game-memory")
        }
    }

    func status() -> ServerStatus.GameMemory {
        func sum(_ modality: Modality) -> ServerStatus.Games {
            let chosen = entries.filter { $0.key.modality == modality }.values
            return ServerStatus.Games(
                count: chosen.count, masks: chosen.reduce(0) { $0 + $1.masks },
                bytes: chosen.reduce(0) { $0 + $1.bytes })
        }
        return ServerStatus.GameMemory(
            image: sum(.image), text: sum(.text), limitBytes: limit, evicted: evicted)
    }

    private var total: Int { entries.values.reduce(0) { $0 + $1.bytes } }

    private func shrink(by bytes: Int) {
        var excess = total + bytes - limit
        guard excess > 0 else { return }
        let idle = entries.filter { $0.value.holders == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
        for (key, entry) in idle where excess > 0 {
            excess -= entry.bytes
            entries[key] = nil
            evicted += 1
        }
    }
}
