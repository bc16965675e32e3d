import Daemon
import Foundation
import Interactions
import LinearAlgebra
import Logging
import TestSupport
import Testing

/// What games teach, in the state folder.
@Suite(.timeLimit(.minutes(10))) struct LearntMapsTests {
    private static let dimension = 4
    private let folder: URL
    private let archive: GameArchive
    private let threads = WorkThreads(name: "test", stage: "load", count: 2)
    private let log = RecordedLog()
    private let key = LearntMapKey(
        model: GameModel(folder: "/model", precision: "f32", weights: "w"), masking: "mean")

    init() throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("fixlipd-\(UUID().uuidString)")
        archive = try GameArchive(folder: folder.path, limit: 1 << 30, logger: Logger(label: "test"))
    }

    private func end() {
        threads.stop()
        try? FileManager.default.removeItem(at: folder)
    }

    private func maps() -> LearntMaps { LearntMaps(archive, on: threads, logger: log.logger) }

    /// An image of four patches whose coefficients are twice its states.
    private func learn(_ image: UInt64, in maps: LearntMaps, key other: LearntMapKey? = nil) async throws -> LearntMap?
    {
        var generator = SeededGenerator(seed: image + 1)
        let states = (0..<16).map { _ in Float(generator.normal()) }
        let prior = PatchPrior(states: states, whole: [1, 0, 0, 0])
        var coefficients = prior.deviations
        for k in coefficients.elements.indices { coefficients.elements[k] *= 2 }
        return try await maps.learn(other ?? key, image: image, prior, coefficients: coefficients, weight: 1)
    }

    @Test func whatWasLearntIsThereAfterARestart() async throws {
        defer { end() }
        let first = maps()
        #expect(try await first.current(key, dimension: Self.dimension) == nil)
        var last: LearntMap?
        for image in 0..<UInt64(8) { last = try await learn(image, in: first) }
        let learnt = try #require(last)
        #expect(learnt.map.images == 8 && learnt.map.heldOutShare > 0.9)

        let second = maps()
        #expect(try await second.current(key, dimension: Self.dimension)?.map.images == 8)
        #expect(second.knows(3, key) && !second.knows(8, key))
        #expect(try await second.named(learnt.name, key, dimension: Self.dimension) == learnt)
        #expect(try await second.named("0123456789abcdef", key, dimension: Self.dimension) == nil)
    }

    @Test func anEarlierMapIsFoundByItsName() async throws {
        defer { end() }
        let maps = maps()
        for image in 0..<UInt64(5) { _ = try await learn(image, in: maps) }
        let early = try #require(try await maps.current(key, dimension: Self.dimension))
        for image in 5..<UInt64(20) { _ = try await learn(image, in: maps) }
        let late = try #require(try await maps.current(key, dimension: Self.dimension))
        #expect(late.name != early.name)
        #expect(try await maps.named(early.name, key, dimension: Self.dimension) == early)
        // Few are kept.
        for image in 20..<UInt64(400) { _ = try await learn(image, in: maps) }
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".map") }
        #expect(files.count <= 16)
        #expect(try await maps.named(early.name, key, dimension: Self.dimension) == nil)
    }

    @Test func otherModelsMaskingsAndWeightsLearnForThemselves() async throws {
        defer { end() }
        let maps = maps()
        for image in 0..<UInt64(6) { _ = try await learn(image, in: maps) }
        let model = GameModel(folder: "/other", precision: "f32", weights: "w")
        for other in [
            LearntMapKey(model: model, masking: "mean"),
            LearntMapKey(model: GameModel(folder: "/model", precision: "f32", weights: "w"), masking: "drop"),
        ] {
            #expect(try await maps.current(other, dimension: Self.dimension) == nil)
        }
        let changed = LearntMapKey(
            model: GameModel(folder: "/model", precision: "f32", weights: "w2"), masking: "mean")
        #expect(try await self.maps().current(changed, dimension: Self.dimension) == nil)
        #expect(log.warnings > 0)
    }

    @Test func aDamagedFileIsDroppedWithAWarningAndLearningGoesOn() async throws {
        defer { end() }
        for image in 0..<UInt64(6) { _ = try await learn(image, in: maps()) }
        let file = try #require(
            try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
                .first { $0.pathExtension == "learnt" })
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        let maps = maps()
        #expect(try await maps.current(key, dimension: Self.dimension) == nil)
        #expect(log.warnings > 0)
        for image in 0..<UInt64(6) { _ = try await learn(image, in: maps) }
        #expect(try await self.maps().current(key, dimension: Self.dimension) != nil)
    }
}
