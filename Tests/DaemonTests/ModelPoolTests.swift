import Encoders
import FIxLIPProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Daemon

/// What the pool does about `--model-memory` and `--keep-alive`, with the models of the fixtures.
@Suite(.timeLimit(.minutes(10))) struct ModelPoolTests {
    private final class Events: Sendable {
        private let list = Mutex<[String]>([])
        func note(_ event: String) { list.withLock { $0.append(event) } }
        var all: [String] { list.withLock { $0 } }
    }

    private let events = Events()

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    /// Seconds that a test sets.
    private final class Clock: Sendable {
        private let time = Mutex(0.0)
        var now: Double { time.withLock { $0 } }
        func advance(by seconds: Double) { time.withLock { $0 += seconds } }
    }

    private let clock = Clock()

    private func pool(limit: Int?, sizing: @escaping ModelPool.Sizing = { _, _ in 0 }) -> ModelPool {
        ModelPool(
            locator: ModelLocator(folders: [Self.fixtures]), memoryLimit: limit, keepAlive: 300,
            logger: Logger(label: "test"),
            now: { [clock] in clock.now },
            onLoad: { [events] in events.note("loaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)") },
            onUnload: { [events] in events.note("unloaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)")
            },
            sizing: sizing,
            loader: { [events] folder, precision in
                events.note("loading \(URL(fileURLWithPath: folder).lastPathComponent)")
                return try ReadModel(folder: folder, precision: precision)
            })
    }

    @Test func whatCannotFitIsNotLoaded() async throws {
        let pool = pool(limit: 100) { _, _ in 101 }
        let error = try await #require(throws: ApplicationError.self) {
            try await pool.acquire("clip-small", precision: .f32, otherwise: .f32)
        }
        #expect(error.kind == .memoryLimit)
        #expect(events.all == [])
        #expect(await pool.isEmpty)
    }

    @Test func anIdleModelGoesBeforeTheNextIsLoaded() async throws {
        let clip = try LoadedModel.load(folder: Self.fixtures + "/clip-small", precision: .f32)
        let siglip = try LoadedModel.load(folder: Self.fixtures + "/siglip-small", precision: .f32)
        let pool = pool(limit: max(clip.residentBytes, siglip.residentBytes)) {
            try LoadedModel.leastBytes(folder: $0, precision: $1)
        }
        await pool.release(try await pool.acquire("clip-small", precision: .f32, otherwise: .f32))
        await pool.release(try await pool.acquire("siglip-small", precision: .f32, otherwise: .f32))
        #expect(
            events.all == [
                "loading clip-small", "loaded clip-small", "unloaded clip-small", "loading siglip-small",
                "loaded siglip-small",
            ])
    }

    @Test func aModelInUseStays() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 4 << 20 }
        let lease = try await pool.acquire("clip-small", precision: .f32, otherwise: .f32)
        await #expect(throws: ApplicationError.self) {
            try await pool.acquire("siglip-small", precision: .f32, otherwise: .f32)
        }
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
        await pool.release(lease)
    }

    @Test func aPinnedModelStays() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 4 << 20 }
        await pool.release(try await pool.acquire("clip-small", precision: .f32, otherwise: .f32, keepAlive: -1))
        await #expect(throws: ApplicationError.self) {
            try await pool.acquire("siglip-small", precision: .f32, otherwise: .f32)
        }
        clock.advance(by: 1e9)
        await pool.expire()
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
    }

    @Test func whatIsIdleForSoLongGoesAndTheReasonStays() async throws {
        let pool = pool(limit: nil)
        await pool.release(try await pool.acquire("clip-small", precision: .f32, otherwise: .f32))
        let held = try await pool.acquire("siglip-small", precision: .f32, otherwise: .f32)
        clock.advance(by: 299)
        await pool.expire()
        #expect(await pool.unloadHistory.isEmpty)
        clock.advance(by: 1)
        await pool.expire()
        let history = await pool.unloadHistory
        #expect(history.map(\.id) == ["clip-small"] && history.map(\.reason) == ["idle for 300 s"])
        #expect(await pool.status.map(\.id) == ["siglip-small"])
        await pool.release(held)
    }

    @Test func loadsOfOneModelAtATimeAreOneLoad() async throws {
        let pool = pool(limit: nil)
        let identities = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { try await pool.acquire("clip-small", precision: .f32, otherwise: .f32).model.identity }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(identities.count == 1)
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
        #expect(await pool.status.first?.inUse == 8)
    }

    @Test func aLoadThatFailsLeavesNothing() async throws {
        let pool = pool(limit: 1 << 30) { _, _ in throw ApplicationError(.modelCorrupt, "as told") }
        for _ in 0..<2 {
            await #expect(throws: ApplicationError.self) {
                try await pool.acquire("clip-small", precision: .f32, otherwise: .f32)
            }
            #expect(await pool.isEmpty)
        }
    }

    private static let names = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    @Test func modelsThatAreMeasuredAtTheSameTimeAreAllLoaded() async throws {
        let measured = Events()
        for round in 1...10 {
            let pool = pool(limit: 1 << 30) { folder, _ in
                // Each has its place in the pool's table before any size is known.
                measured.note(folder)
                while measured.all.count < round * Self.names.count { try await Task.sleep(for: .milliseconds(1)) }
                return 1
            }
            try await withThrowingTaskGroup { group in
                for name in Self.names {
                    group.addTask { await pool.release(try await pool.acquire(name, precision: .f32, otherwise: .f32)) }
                }
                try await group.waitForAll()
            }
            #expect(await Set(pool.status.map(\.id)) == Set(Self.names))
        }
    }

    @Test func noModelGoesForOneThatWouldNotFitAllTheSame() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 5 << 20 }
        await pool.release(try await pool.acquire("clip-small", precision: .f32, otherwise: .f32))
        await #expect(throws: ApplicationError.self) {
            try await pool.acquire("siglip-small", precision: .f32, otherwise: .f32)
        }
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
    }

    @Test func aModelThatIsReplacedWhileItIsReadIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fixlipd-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: Self.fixtures + "/clip-small", toPath: folder.path)
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try ReadModel(folder: folder.path, precision: .f32)
        let error = #expect(throws: ApplicationError.self) {
            try ReadModel(folder: folder.path, precision: .f32) { path, precision throws(ModelError) in
                let model = try LoadedModel.load(folder: path, precision: precision)
                try? Data([1]).write(to: folder.appendingPathComponent("model.safetensors"))
                return model
            }
        }
        #expect(error?.kind == .modelCorrupt && error?.message.contains("replaced") == true)
    }

    @Test(arguments: names)
    func theLeastSizeIsBelowTheTrueOne(_ name: String) throws {
        let folder = "\(Self.fixtures)/\(name)"
        let size = try LoadedModel.load(folder: folder, precision: .f32).residentBytes
        let least = try LoadedModel.leastBytes(folder: folder, precision: .f32)
        #expect(least <= size)
        #expect(least > size / 2)
    }
}
