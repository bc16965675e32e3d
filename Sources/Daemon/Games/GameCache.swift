import Interactions

/// The games in memory and who holds them: the least recently used goes first where the ``GameBudget`` is exceeded,
/// never one that is held. What estimates keep of a game goes before any masks do.
///
/// A value without waiting, files or a clock: ``GameStore`` guards it.
struct GameCache {
    private struct Entry {
        let game: MaskedGame
        var holders = 0
        var bytes: Int
        /// Of what its estimates keep.
        var expansionBytes = 0
        var masks: Int
        var lastUse: Int
    }

    /// What went to make room.
    struct Dropped {
        /// Games whose estimates are to be forgotten.
        var expansions: [MaskedGame] = []
        var games: [GameKey] = []
    }

    var budget: GameBudget
    private(set) var evicted = 0
    private var entries: [GameKey: Entry] = [:]
    private var clock = 0

    init(limit: Int) { budget = GameBudget(limit: limit) }

    /// A game as others see it.
    struct Facts {
        let game: MaskedGame
        let masks: Int
        let isHeld: Bool
    }

    func facts(_ key: GameKey) -> Facts? {
        entries[key].map { Facts(game: $0.game, masks: $0.masks, isHeld: $0.holders > 0) }
    }

    var all: [(key: GameKey, facts: Facts)] {
        entries.map { ($0.key, Facts(game: $0.value.game, masks: $0.value.masks, isHeld: $0.value.holders > 0)) }
    }

    /// Bytes of all games and of what explanations hold.
    var total: Int { entries.values.reduce(budget.explanationBytes) { $0 + $1.bytes + $1.expansionBytes } }

    /// Bytes that a game could take if all that nobody holds went.
    var roomBesideHeld: Int {
        budget.limit - budget.reserved
            - entries.values.reduce(budget.explanationBytes) { $0 + ($1.holders > 0 ? $1.bytes : 0) }
    }

    func contains(_ key: GameKey) -> Bool { entries[key] != nil }

    mutating func insert(_ game: MaskedGame, _ key: GameKey, masks: Int, bytes: Int) {
        clock += 1
        entries[key] = Entry(game: game, bytes: bytes, masks: masks, lastUse: clock)
    }

    /// One more holder of a game.
    mutating func hold(_ key: GameKey) -> MaskedGame? {
        clock += 1
        entries[key]?.holders += 1
        entries[key]?.lastUse = clock
        return entries[key]?.game
    }

    /// One holder less; a game without masks that nobody holds is forgotten.
    /// - Returns: whether it was forgotten.
    mutating func release(_ key: GameKey) -> Bool {
        entries[key]?.holders -= 1
        guard let entry = entries[key], entry.holders == 0, entry.masks == 0 else { return false }
        entries[key] = nil
        return true
    }

    /// Books what a game holds after masks were added.
    mutating func book(_ key: GameKey, masks: Int, bytes: Int) {
        clock += 1
        entries[key]?.masks = masks
        entries[key]?.bytes = bytes
        entries[key]?.lastUse = clock
    }

    mutating func bookExpansions(_ key: GameKey, bytes: Int) { entries[key]?.expansionBytes = bytes }

    /// Memory of some games, with what their estimates keep.
    func bytes(of keys: [GameKey]) -> Int {
        keys.reduce(0) { $0 + (entries[$1].map { $0.bytes + $0.expansionBytes } ?? 0) }
    }

    func sum(_ modality: Modality) -> GameStatus.Sum {
        let chosen = entries.filter { $0.key.modality == modality }.values
        return GameStatus.Sum(
            count: chosen.count, masks: chosen.reduce(0) { $0 + $1.masks },
            bytes: chosen.reduce(0) { $0 + $1.bytes + $1.expansionBytes })
    }

    /// Lets go what it takes for `bytes` more to fit.
    mutating func shrink(for bytes: Int = 0) -> Dropped {
        var dropped = Dropped()
        var excess = total + bytes - budget.limit
        guard excess > 0 else { return dropped }
        for (key, entry) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse })
        where excess > 0 && entry.expansionBytes > 0 {
            excess -= entry.expansionBytes
            entries[key]?.expansionBytes = 0
            dropped.expansions.append(entry.game)
        }
        let idle = entries.filter { $0.value.holders == 0 }.sorted { $0.value.lastUse < $1.value.lastUse }
        for (key, entry) in idle where excess > 0 {
            excess -= entry.bytes
            entries[key] = nil
            evicted += 1
            dropped.games.append(key)
        }
        return dropped
    }
}

/// What a status says of the games.
package struct GameStatus: Sendable {
    package struct Sum: Sendable {
        package var count: Int
        package var masks: Int
        package var bytes: Int
    }

    package var image: Sum
    package var text: Sum
    package var limit: Int
    package var evicted: Int
}
