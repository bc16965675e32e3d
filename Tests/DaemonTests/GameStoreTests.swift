import Daemon
import Foundation
import Interactions
import Logging
import TestSupport
import Testing

/// What the archive holds of the games.
@Suite(.timeLimit(.minutes(10))) struct GameStoreTests {
    private let folder: URL
    private let archive: GameArchive
    private let threads = WorkThreads(name: "test", stage: "load", count: 2)
    private let store: GameStore
    private let key = GameKey.text(
        TextGameKey(
            model: GameModel(folder: "/model", precision: "f32", weights: "w"), ids: [1, 2, 3], players: "[[1]]"))

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fixlipd-\(UUID().uuidString)")
        archive = try GameArchive(folder: folder.path, limit: 1 << 30, logger: Logger(label: "test"))
        store = GameStore(limit: 1 << 30, archive: archive, on: threads, logger: Logger(label: "test"))
    }

    private var file: URL { folder.appendingPathComponent("\(key.digest).game") }

    private func end() {
        threads.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    /// Adds masks to the game as a refinement does.
    @discardableResult
    private func add(_ coalitions: [Coalition], of other: GameKey? = nil) async throws -> GameHold {
        let key = other ?? key
        let hold = try await store.hold(key, players: 4, dimension: 2)
        _ = try await hold.game.encode(coalitions) {
            EncodedRows(
                embeddings: [Float](repeating: 0.5, count: 2 * $0.count),
                finished: [Bool](repeating: true, count: $0.count))
        }
        let samples = await hold.game.samples
        store.book(key, masks: samples.count, bytes: samples.bytes)
        return hold
    }

    private func keptMasks() -> Int { archive.read(key, players: 4, dimension: 2, upTo: .max)?.count ?? 0 }

    @Test func aReleasedGameIsKept() async throws {
        defer { end() }
        try await add([Coalition(full: 4), Coalition(empty: 4)])
        await store.keepAll(within: .seconds(60))
        #expect(keptMasks() == 2)
    }

    @Test func aGameThatCouldNotBeKeptIsTriedAgainAtTheEnd() async throws {
        defer { end() }
        // A folder in its place: not even root can put a file there.
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        try await add([Coalition(full: 4), Coalition(empty: 4)])
        await store.keepAll(within: .seconds(60))
        #expect(keptMasks() == 0)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [file.lastPathComponent])
        try FileManager.default.removeItem(at: file)
        await store.keepAll(within: .seconds(60))
        #expect(keptMasks() == 2)
    }

    @Test func aGameThatCouldNotBeKeptIsTriedAgainWhenItIsReleased() async throws {
        defer { end() }
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        try await add([Coalition(full: 4)])
        await store.keepAll(within: .seconds(60))
        try FileManager.default.removeItem(at: file)
        try await add([Coalition(empty: 4)])
        await store.keepAll(within: .seconds(60))
        #expect(keptMasks() == 2)
    }

    @Test func theEndWaitsNoLongerThanItSays() async throws {
        defer { end() }
        // Not given back, so that nothing is written before the end.
        let hold = try await add([Coalition(full: 4)])
        defer { extendLifetime(hold) }
        let disk = DispatchSemaphore(value: 0)
        for _ in 0..<2 {
            await withCheckedContinuation { begun in
                Task {
                    try await threads.run { _ in
                        begun.resume()
                        disk.wait()
                    }
                }
            }
        }
        await store.keepAll(within: .milliseconds(50))
        #expect(keptMasks() == 0)
        for _ in 0..<2 { disk.signal() }
    }

    @Test func aGameThatCouldNotBeKeptIsTriedAgainWhenAnotherWasKept() async throws {
        defer { end() }
        try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
        try await add([Coalition(full: 4)])
        await store.keepAll(within: .seconds(60))
        try FileManager.default.removeItem(at: file)
        let other = GameKey.text(
            TextGameKey(model: GameModel(folder: "/model", precision: "f32", weights: "w"), ids: [4], players: "[[1]]"))
        try await add([Coalition(full: 4)], of: other)
        try await wait(while: keptMasks() == 0)
    }

    @Test func fullMemoryIsToldOnceUntilHalfOfItIsFree() async throws {
        defer { end() }
        let log = RecordedLog()
        let store = GameStore(limit: 1_000, archive: nil, on: threads, logger: log.logger)
        func ask(_ bytes: Int) async throws { try await store.withRoom(for: bytes) {} }
        let hold = try await store.hold(key, players: 4, dimension: 2)
        defer { extendLifetime(hold) }
        await #expect(throws: ApplicationError.self) { try await ask(1_001) }
        #expect(log.warnings == 0, "one request that is too large is its client's matter")
        for round in 1...2 {
            store.book(key, masks: 1, bytes: 600)
            for _ in 0..<3 { await #expect(throws: ApplicationError.self) { try await ask(500) } }
            #expect(log.warnings == round)
            store.book(key, masks: 1, bytes: 400)
            try await ask(500)
        }
    }

    @Test func aKeptGameThatDoesNotFitBesideWhatIsHeldBeginsAnew() async throws {
        defer { end() }
        try await add((0..<16).map { Coalition(bits: $0, of: 4) })
        await store.keepAll(within: .seconds(60))
        let bytes = try #require(archive.read(key, players: 4, dimension: 2, upTo: .max)?.bytes)
        for (room, masks) in [(bytes, 16), (bytes - 1, 0)] {
            let store = GameStore(limit: room + 100, archive: archive, on: threads, logger: Logger(label: "test"))
            let memory = try store.holdMemory(100)
            let hold = try await store.hold(key, players: 4, dimension: 2)
            #expect(await hold.game.samples.count == masks)
            #expect(store.bytes(of: [key]) == (masks > 0 ? bytes : 0))
            extendLifetime(memory)
        }
        #expect(keptMasks() == 16, "what is kept stays")
    }

    @Test func whatExplanationsHoldCountsUntilTheyAreClosed() async throws {
        defer { end() }
        let store = GameStore(limit: 1_000, archive: nil, on: threads, logger: Logger(label: "test"))
        do {
            let memory = try store.holdMemory(600)
            let error = #expect(throws: ApplicationError.self) { _ = try store.holdMemory(600) }
            #expect(error?.kind == .memoryLimit)
            await #expect(throws: ApplicationError.self) { try await store.withRoom(for: 500) {} }
            extendLifetime(memory)
        }
        let memory = try store.holdMemory(600)
        try await store.withRoom(for: 400) {}
        extendLifetime(memory)
    }

    @Test func aStateFolderThatWasDeletedIsMadeAgain() async throws {
        defer { end() }
        try FileManager.default.removeItem(at: folder)
        try await add([Coalition(full: 4)])
        await store.keepAll(within: .seconds(60))
        #expect(keptMasks() == 1)
        #expect(try FileManager.default.attributesOfItem(atPath: folder.path)[.posixPermissions] as? Int == 0o700)
    }

    @Test func aStateFolderThatOthersCanWriteToIsRefusedWithTheRemedy() throws {
        defer { end() }
        for (mode, isTaken) in [(0o755, true), (0o770, false), (0o1777, false)] {
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: folder.path)
            let error = { () -> (any Error)? in
                do { _ = try GameArchive(folder: folder.path, limit: 1, logger: Logger(label: "test")) } catch {
                    return error
                }
                return nil
            }()
            #expect((error == nil) == isTaken, "mode \(String(mode, radix: 8))")
            if let error { #expect("\(error)".contains("chmod go-w \(folder.path)")) }
        }
    }

    @Test func theFolderStaysWithinItsLimitWhileManyGamesAreKept() throws {
        defer { end() }
        let limit = 4_000
        let archive = try GameArchive(folder: folder.path, limit: limit, logger: Logger(label: "test"))
        func size() throws -> Int {
            try FileManager.default.contentsOfDirectory(atPath: folder.path).reduce(0) { size, name in
                let facts = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(name).path)
                return size + (facts[.size] as? Int ?? 0)
            }
        }
        var largest = 0
        for number in 0..<60 {
            let key = GameKey.text(
                TextGameKey(
                    model: GameModel(folder: "/model", precision: "f32", weights: "w"), ids: [number], players: "[[1]]")
            )
            var samples = GameSamples(players: 4, dimension: 2)
            try samples.append([Coalition(full: 4)], embeddings: [1, 2])
            try archive.write(key, samples)
            largest = max(largest, try size())
        }
        #expect(largest > limit / 2 && largest <= limit, "\(largest) bytes")
    }

    @Test func halfWrittenFilesFromBeforeAreRemoved() async throws {
        defer { end() }
        let names = ["1.game.7.game-partial", "2.game.7.game-partial", "notes"]
        for (name, date) in zip(names, [Date(timeIntervalSince1970: 0), Date() + 3600, Date(timeIntervalSince1970: 0)])
        {
            let path = folder.appendingPathComponent(name).path
            #expect(FileManager.default.createFile(atPath: path, contents: Data([1])))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        try await add([Coalition(full: 4)])
        await store.keepAll(within: .seconds(60))
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(Set(left) == [names[1], names[2], file.lastPathComponent])
    }
}
