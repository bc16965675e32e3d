import Daemon
import Interactions
import Logging
import Testing

/// Which games go when memory is short.
@Suite(.timeLimit(.minutes(10))) struct GameMemoryTests {
    private let threads = WorkThreads(name: "test", stage: "load", count: 1)
    private let store: GameStore

    /// What a game of `masks` masks takes.
    private static let masks = 20
    private static let bytes = gameBytes()

    private static func gameBytes() -> Int {
        var samples = GameSamples(players: 6, dimension: 8)
        try? samples.append(coalitions, embeddings: [Float](repeating: 0.5, count: 8 * masks))
        return samples.bytes
    }

    private static var coalitions: [Coalition] { (0..<masks).map { Coalition(bits: $0, of: 6) } }

    /// Room for two games and a half.
    init() { store = GameStore(limit: Self.bytes * 5 / 2, archive: nil, on: threads, logger: Logger(label: "test")) }

    private func key(_ number: Int) -> GameKey {
        .text(
            TextGameKey(
                model: GameModel(folder: "/model", precision: "f32", weights: "w"), ids: [number], players: "[[1]]"))
    }

    /// Holds a game and fills it with masks, unless it has them.
    @discardableResult
    private func use(_ number: Int) async throws -> GameHold {
        let hold = try await store.hold(key(number), players: 6, dimension: 8)
        _ = try await hold.game.encode(Self.coalitions) {
            EncodedRows(
                embeddings: [Float](repeating: 0.5, count: 8 * $0.count),
                finished: [Bool](repeating: true, count: $0.count))
        }
        let samples = await hold.game.samples
        store.book(key(number), masks: samples.count, bytes: samples.bytes)
        return hold
    }

    /// The games in memory, of the first few.
    private var present: [Int] { (1...5).filter { store.bytes(of: [key($0)]) > 0 } }

    @Test func theLeastRecentlyUsedGoesFirst() async throws {
        defer { threads.stop() }
        try await use(1)
        try await use(2)
        #expect(present == [1, 2])
        #expect(store.status.evicted == 0)
        try await use(1)
        try await use(3)
        #expect(present == [1, 3])
        try await use(4)
        #expect(present == [3, 4])
        #expect(store.status.evicted == 2)
        #expect(store.status.text.masks == 2 * Self.masks)
    }

    @Test func anEvictedGameBeginsAnew() async throws {
        defer { threads.stop() }
        for number in 1...3 { try await use(number) }
        let anew = try await store.hold(key(1), players: 6, dimension: 8)
        #expect(await anew.game.samples.count == 0)
        let kept = try await store.hold(key(3), players: 6, dimension: 8)
        #expect(await kept.game.samples.count == Self.masks)
    }

    @Test("a game that an explanation holds stays, however long ago it was used")
    func aHeldGameStays() async throws {
        defer { threads.stop() }
        do {
            let held = try await use(1)
            try await use(2)
            try await use(3)
            try await use(4)
            #expect(present == [1, 4])
            do {
                let again = try await store.hold(key(1), players: 6, dimension: 8)
                #expect(again.game === held.game)
            }
            // Another holder is left.
            try await use(5)
            #expect(present == [1, 5])
            extendLifetime(held)
        }
        try await use(2)
        try await use(3)
        #expect(present == [2, 3])
    }

    @Test("masks for which only held games could make room are refused, and what is held stays")
    func roomBetweenHeldGames() async throws {
        defer { threads.stop() }
        let held = try await use(1)
        defer { extendLifetime(held) }
        try await use(2)
        // The idle game makes room; more than the held one leaves there is not.
        try await store.withRoom(for: Self.bytes * 3 / 2) {}
        #expect(present == [1])
        let error = await #expect(throws: ApplicationError.self) { try await store.withRoom(for: Self.bytes * 2) {} }
        #expect(error?.kind == .memoryLimit)
        #expect(present == [1])
    }

    @Test("what estimates keep of a game goes before the masks of any")
    func expansionsGoFirst() async throws {
        defer { threads.stop() }
        let plan = try SamplingPlan(banzhaf: 0.5, players: 6, modality: .text)
        let large = GameStore(limit: 1 << 20, archive: nil, on: threads, logger: Logger(label: "test"))
        let hold = try await large.hold(key(1), players: 6, dimension: 8)
        let game = hold.game
        _ = try await game.encode(plan.missing(upTo: 64, in: await game.samples)) {
            EncodedRows(
                embeddings: [Float](repeating: 0.5, count: 8 * $0.count),
                finished: [Bool](repeating: true, count: $0.count))
        }
        let samples = await game.samples
        large.book(key(1), masks: samples.count, bytes: samples.bytes)
        _ = try await game.expansion(plan, masks: 64, p: 0.5, order: 1, standardErrors: false, on: threads)
        let both = large.bytes(of: [key(1)])
        #expect(both > samples.bytes)
        try await large.withRoom(for: (1 << 20) - both + 1) {}
        #expect(large.bytes(of: [key(1)]) == samples.bytes)
        #expect(large.status.evicted == 0)
        extendLifetime(hold)
    }

    @Test("what an estimate needs of a game is given up when nobody waits for it, and made as long as somebody does")
    func abandonedExpansions() async throws {
        defer { threads.stop() }
        let plan = try SamplingPlan(banzhaf: 0.5, players: 40, modality: .image)
        let large = GameStore(limit: 1 << 24, archive: nil, on: threads, logger: Logger(label: "test"))
        let hold = try await large.hold(key(1), players: 40, dimension: 32)
        let game = hold.game
        @Sendable func embedding(_ row: Int) -> [Float] {
            (0..<32).map { column in
                let step = (row * 37 + column * row * 11) % 101
                return Float(step) / 101
            }
        }
        _ = try await game.encode(plan.missing(upTo: 300, in: await game.samples)) { coalitions in
            EncodedRows(
                embeddings: coalitions.indices.flatMap(embedding),
                finished: [Bool](repeating: true, count: coalitions.count))
        }
        let ask: @Sendable () async throws -> SideExpansion = { [threads] in
            try await game.expansion(plan, masks: 300, p: 0.5, order: 2, standardErrors: true, on: threads)
        }
        let abandoned = Task { try await ask() }
        abandoned.cancel()
        await #expect(throws: CancellationError.self) { _ = try await abandoned.value }
        let wanted = Task { try await ask() }
        let other = Task { try await ask() }
        other.cancel()
        #expect(try await wanted.value.bytes > 0)
        _ = await other.result
        extendLifetime(hold)
    }
}
