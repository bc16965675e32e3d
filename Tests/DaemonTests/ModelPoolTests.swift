import Daemon
import Encoders
import FIxLIPProtocol
import Foundation
import Logging
import Synchronization
import TestSupport
import Testing

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

    private typealias Sizing = @Sendable (_ folder: String, _ precision: Precision) async throws -> Int

    private func pool(limit: Int?, sizing: @escaping Sizing = { _, _ in 0 }) -> ModelPool {
        let locator = ModelLocator(folders: [Self.fixtures])
        return ModelPool(
            defaults: .init(model: "clip-small", precision: .f32, keepAlive: 300), memoryLimit: limit,
            logger: Logger(label: "test"), now: { [clock] in clock.now },
            onLoad: { [events] in events.note("loaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)") },
            onUnload: { [events] in events.note("unloaded \(URL(fileURLWithPath: $0.loaded.folder).lastPathComponent)")
            },
            reading: .init(
                locate: { try locator.folder(of: $0) }, size: { try await sizing($0.string, $1) },
                load: { [events] folder, precision in
                    events.note("loading \(URL(fileURLWithPath: folder.string).lastPathComponent)")
                    return try ReadModel(folder: folder, precision: precision)
                }))
    }

    /// Holds a model for a moment.
    private func use(_ pool: ModelPool, _ name: String, keepAlive: Double? = nil) async throws {
        _ = try await pool.hold(name, precision: .f32, keepAlive: keepAlive)
    }

    @Test func whatCannotFitIsNotLoaded() async throws {
        let pool = pool(limit: 100) { _, _ in 101 }
        let error = try await #require(throws: ApplicationError.self) {
            try await use(pool, "clip-small")
        }
        #expect(error.kind == .memoryLimit)
        #expect(events.all == [])
        #expect(pool.isEmpty)
    }

    @Test func anIdleModelGoesBeforeTheNextIsLoaded() async throws {
        let clip = try LoadedModel.load(folder: Self.fixtures + "/clip-small", precision: .f32)
        let siglip = try LoadedModel.load(folder: Self.fixtures + "/siglip-small", precision: .f32)
        let pool = pool(limit: max(clip.residentBytes, siglip.residentBytes)) {
            try LoadedModel.leastBytes(folder: $0, precision: $1)
        }
        try await use(pool, "clip-small")
        try await use(pool, "siglip-small")
        #expect(
            events.all == [
                "loading clip-small", "loaded clip-small", "unloaded clip-small", "loading siglip-small",
                "loaded siglip-small",
            ])
    }

    @Test func aModelInUseStays() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 4 << 20 }
        let lease = try await pool.hold("clip-small", precision: .f32)
        await #expect(throws: ApplicationError.self) {
            try await use(pool, "siglip-small")
        }
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
        extendLifetime(lease)
    }

    @Test func aPinnedModelStays() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 4 << 20 }
        try await use(pool, "clip-small", keepAlive: -1)
        await #expect(throws: ApplicationError.self) {
            try await use(pool, "siglip-small")
        }
        clock.advance(by: 1e9)
        pool.expire()
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
    }

    @Test func whatIsIdleForSoLongGoesAndTheReasonStays() async throws {
        let pool = pool(limit: nil)
        try await use(pool, "clip-small")
        let held = try await pool.hold("siglip-small", precision: .f32)
        clock.advance(by: 299)
        pool.expire()
        #expect(pool.unloads.isEmpty)
        clock.advance(by: 1)
        pool.expire()
        let history = pool.unloads
        #expect(history.map(\.id) == ["clip-small"] && history.map(\.reason) == ["idle for 300 s"])
        #expect(pool.loaded.map(\.id) == ["siglip-small"])
        extendLifetime(held)
    }

    @Test func loadsOfOneModelAtATimeAreOneLoad() async throws {
        let pool = pool(limit: nil)
        let everybody = Meeting(of: 8)
        let identities = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let hold = try await pool.hold("clip-small", precision: .f32)
                    defer { extendLifetime(hold) }
                    await everybody.arrive()
                    return hold.model.running.identity
                }
            }
            return try await group.reduce(into: Set<Int>()) { $0.insert($1) }
        }
        #expect(identities.count == 1)
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
        #expect(pool.loaded.first?.holders == 0)
    }

    @Test func aLoadThatFailsLeavesNothing() async throws {
        let pool = pool(limit: 1 << 30) { _, _ in throw ApplicationError(.modelCorrupt, "as told") }
        for _ in 0..<2 {
            await #expect(throws: ApplicationError.self) {
                try await use(pool, "clip-small")
            }
            #expect(pool.isEmpty)
        }
    }

    @Test func aLoadThatNobodyWaitsForAnyMoreEnds() async throws {
        let pool = poolOfEndlessLoads()
        let tasks = (0..<3).map { _ in Task { _ = try await pool.hold("clip-small", precision: .f32) } }
        try await wait(while: events.all.filter { $0 == "located" }.count < tasks.count)
        for task in tasks { task.cancel() }
        for task in tasks { await #expect(throws: CancellationError.self) { try await task.value } }
        // Who comes after the last of those that waited begins anew, so that there may be several.
        #expect(events.all.filter { $0 == "loading" }.count == events.all.filter { $0 == "cancelled" }.count)
        #expect(events.all.contains("cancelled"))
        #expect(pool.isEmpty)
    }

    @Test func aLoadThatOneStillWaitsForGoesOn() async throws {
        let pool = pool(limit: 1 << 30) { [events] _, _ in
            try await wait(while: !events.all.contains("open"))
            return 0
        }
        let impatient = Task { try await use(pool, "clip-small") }
        let patient = Task { try await use(pool, "clip-small") }
        impatient.cancel()
        events.note("open")
        _ = await impatient.result
        try await patient.value
        #expect(pool.loaded.map(\.id) == ["clip-small"])
    }

    /// A pool whose loads end by being cancelled only.
    private func poolOfEndlessLoads() -> ModelPool {
        let locator = ModelLocator(folders: [Self.fixtures])
        return ModelPool(
            defaults: .init(model: "clip-small", precision: .f32, keepAlive: 300), memoryLimit: nil,
            logger: Logger(label: "test"), onLoad: { _ in }, onUnload: { _ in },
            reading: .init(
                locate: { [events] name in
                    defer { events.note("located") }
                    return try locator.folder(of: name)
                }, size: { _, _ in 0 },
                load: { [events] _, _ in
                    events.note("loading")
                    do {
                        while true { try await Task.sleep(for: .seconds(3600)) }
                    } catch {
                        events.note("cancelled")
                        throw error
                    }
                }))
    }

    private static let names = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    @Test func modelsThatAreMeasuredAtTheSameTimeAreAllLoaded() async throws {
        let measured = Events()
        for round in 1...10 {
            let pool = pool(limit: 1 << 30) { folder, _ in
                // Each has its place in the pool's table before any size is known.
                measured.note(folder)
                try await wait(while: measured.all.count < round * Self.names.count)
                return 1
            }
            try await withThrowingTaskGroup { group in
                for name in Self.names {
                    group.addTask { try await use(pool, name) }
                }
                try await group.waitForAll()
            }
            #expect(Set(pool.loaded.map(\.id)) == Set(Self.names))
        }
    }

    @Test func noModelGoesForOneThatWouldNotFitAllTheSame() async throws {
        let pool = pool(limit: 4 << 20) { folder, _ in folder.hasSuffix("clip-small") ? 0 : 5 << 20 }
        try await use(pool, "clip-small")
        await #expect(throws: ApplicationError.self) {
            try await use(pool, "siglip-small")
        }
        #expect(events.all == ["loading clip-small", "loaded clip-small"])
    }

    @Test("folders whose names are equivalent in Unicode and differ in bytes are two models")
    func pathsAreBytes() async throws {
        let parent = FileManager.default.temporaryDirectory.appendingPathComponent("fixlipd-\(UUID().uuidString)").path
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let (composed, decomposed) = ("\(parent)/caf\u{e9}", "\(parent)/cafe\u{301}")
        #expect(composed == decomposed, "as Swift compares strings")
        for (folder, fixture) in [(composed, "clip-small"), (decomposed, "siglip-small")] {
            // Foundation takes one for the other, too.
            mkdir(parent, 0o700)
            #expect(mkdir(folder, 0o700) == 0)
            for file in try FileManager.default.contentsOfDirectory(atPath: "\(Self.fixtures)/\(fixture)") {
                #expect(symlink("\(Self.fixtures)/\(fixture)/\(file)", "\(folder)/\(file)") == 0)
            }
        }
        let pool = pool(limit: nil)
        let first = try await pool.hold(composed, precision: .f32)
        let second = try await pool.hold(decomposed, precision: .f32)
        #expect(first.model.key != second.model.key)
        #expect(first.model.running.identity != second.model.running.identity)
        #expect(pool.loaded.count == 2)
    }

    @Test func aModelThatIsReplacedWhileItIsReadIsRefused() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("fixlipd-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: Self.fixtures + "/clip-small", toPath: folder.path)
        defer { try? FileManager.default.removeItem(at: folder) }
        _ = try ReadModel(folder: ModelPath(folder.path), precision: .f32)
        let error = #expect(throws: ApplicationError.self) {
            try ReadModel(
                folder: ModelPath(folder.path), precision: .f32,
                reading: { path, precision, _ throws(ModelError) in
                    let model = try LoadedModel.load(folder: path, precision: precision)
                    try? Data([1]).write(to: folder.appendingPathComponent("model.safetensors"))
                    return model
                })
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

/// Holds tasks until so many have come.
private actor Meeting {
    private let size: Int
    private var waiting: [CheckedContinuation<Void, Never>] = []

    init(of size: Int) { self.size = size }

    func arrive() async {
        await withCheckedContinuation { continuation in
            waiting.append(continuation)
            if waiting.count == size { for waiter in waiting { waiter.resume() } }
        }
    }
}
