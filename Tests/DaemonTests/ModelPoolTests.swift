import Encoders
import FIxLIPProtocol
import Foundation
import Logging
import Synchronization
import Testing

@testable import Daemon

/// What the pool does about `--model-memory`, with the models of the fixtures.
@Suite struct ModelPoolTests {
    private final class Events: Sendable {
        private let list = Mutex<[String]>([])
        func note(_ event: String) { list.withLock { $0.append(event) } }
        var all: [String] { list.withLock { $0 } }
    }

    private let events = Events()

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    private func pool(limit: Int, sizing: @escaping ModelPool.Sizing) -> ModelPool {
        ModelPool(
            locator: ModelLocator(folders: [Self.fixtures]), memoryLimit: limit, keepAlive: 300, logger: Logger(label: "test"),
            onLoad: { [events] in events.note("loaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)") },
            onUnload: { [events] in events.note("unloaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)") },
            sizing: sizing,
            loader: { [events] folder, precision in
                events.note("loading \(URL(fileURLWithPath: folder).lastPathComponent)")
                return try LoadedModel.load(folder: folder, precision: precision)
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
                "loading clip-small", "loaded clip-small", "unloaded clip-small", "loading siglip-small", "loaded siglip-small",
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

    @Test(arguments: ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"])
    func theLeastSizeIsBelowTheTrueOne(_ name: String) throws {
        let folder = "\(Self.fixtures)/\(name)"
        let size = try LoadedModel.load(folder: folder, precision: .f32).residentBytes
        let least = try LoadedModel.leastBytes(folder: folder, precision: .f32)
        #expect(least <= size)
        #expect(least > size / 2)
    }
}
