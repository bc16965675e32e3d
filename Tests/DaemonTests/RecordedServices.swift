import Encoders
import FIxLIPProtocol
import Foundation
import Logging
import Synchronization

@testable import Daemon

/// The daemon's services on the fixture models, with a record of every mask that the encoders were given: what a status
/// cannot tell, as a game holds a mask once however often it was encoded.
final class RecordedServices: Sendable {
    let services: Services
    private let record: Record

    /// Called by an encoding thread with the number of image masks recorded, before a refinement's images are encoded.
    typealias BeforeImages = @Sendable (Int) -> Void

    private final class Record: Sendable {
        struct State {
            /// The presence of the patches of every image that was encoded.
            var images: [[UInt8]] = []
            var texts = 0
            var beforeImages: BeforeImages?
        }

        let state = Mutex(State())

        func note(_ batch: [EncodeSlice]) {
            let images = batch.flatMap { slice -> [[UInt8]] in
                guard case .images(let items) = slice.order.items else { return [] }
                return items[slice.range].map { $0.presence ?? [] }
            }
            let items = batch.reduce(0) { $0 + $1.range.count }
            let (hook, count): (BeforeImages?, Int) = state.withLock { state in
                state.images += images
                state.texts += items - images.count
                return (state.beforeImages, state.images.count)
            }
            if !images.isEmpty, batch.contains(where: { $0.order.urgency == .refinement }) { hook?(count) }
        }
    }

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    init(threads: Int = 2, gameMemory: Int = 1 << 30) throws {
        let record = Record()
        self.record = record
        var configuration = DaemonConfiguration()
        configuration.defaultModel = "clip-small"
        configuration.modelFolders = [Self.fixtures]
        configuration.precision = .f32
        configuration.gameMemory = gameMemory
        let logger = Logger(label: "test")
        let scheduler = EncodeScheduler(threadCount: threads, beforeBatch: record.note)
        let archiving = WorkThreads(name: "archive", stage: "load", count: 1)
        let models = ModelPool(
            locator: ModelLocator(folders: configuration.modelFolders), memoryLimit: nil, keepAlive: 300,
            logger: logger,
            onLoad: { scheduler.expect($0) }, onUnload: { scheduler.forget($0) }, sizing: { _, _ in 0 },
            loader: { try ReadModel(folder: $0, precision: $1) })
        let games = GameStore(limit: gameMemory, archive: nil, files: archiving, logger: logger)
        let explanations = ExplanationStore(idleLimit: 3600) { explanation in
            await games.release(explanation.imageGame.key)
            await games.release(explanation.textGame.key)
            await models.release(explanation.lease)
        }
        services = Services(
            configuration: configuration, models: models, scheduler: scheduler, games: games,
            explanations: explanations,
            images: try ImageLoader(configuration), files: WorkThreads(name: "files", stage: "decode", count: 1),
            loading: WorkThreads(name: "load", stage: "load", count: 1), archiving: archiving,
            solver: WorkThreads(name: "solve", stage: "estimate", count: 2),
            arithmetic: WorkThreads(name: "arithmetic", stage: "estimate", count: 1), logger: logger)
    }

    deinit {
        services.scheduler.stop()
        for threads in [services.files, services.loading, services.archiving, services.solver, services.arithmetic] {
            threads.stop()
        }
    }

    /// Every image mask that was encoded, in order; the same twice where it was encoded twice.
    var imageMasks: [[UInt8]] { record.state.withLock { $0.images } }
    /// How many of them there are.
    var imageMaskCount: Int { record.state.withLock { $0.images.count } }
    /// How many text masks were encoded.
    var textMasks: Int { record.state.withLock { $0.texts } }

    func beforeImages(_ hook: BeforeImages?) { record.state.withLock { $0.beforeImages = hook } }

    /// Opens an explanation of the fixtures' picture.
    /// - Parameter more: further parameters of `explanation/open`, as JSON members.
    func open(_ caption: String, _ more: String = "") async throws -> Explanation {
        let image = Self.fixtures + "/scene.png"
        let json = #"{"image": "\#(image)", "text": "\#(caption)"\#(more.isEmpty ? "" : ", " + more)}"#
        let parameters = try JSONDecoder().decode(ExplanationOpen.Parameters.self, from: Data(json.utf8))
        // Of so few players later masks of a plan are often there by chance; a refinement counts those up to its own
        // goal.
        return try await services.open(parameters, adoptsWarmMasks: false)
    }

    /// Refines an explanation up to so many image masks.
    /// - Throws: `CancellationError` where `control` was cancelled.
    @discardableResult
    func refine(
        _ explanation: Explanation, masks: Int, control: RefinementControl = RefinementControl()
    ) async throws -> FIxLIPProtocol.StopReason {
        let json = #"{"explanation": "\#(explanation.id)", "budget": {"imageMasks": \#(masks)}}"#
        let parameters = try JSONDecoder().decode(ExplanationRefine.Parameters.self, from: Data(json.utf8))
        let refinement = Refinement(
            explanation: explanation, encoder: explanation.encoder(on: services.scheduler), store: services.games,
            solver: services.solver, arithmetic: services.arithmetic,
            goal: try .init(parameters, for: explanation, services.configuration), deadline: nil,
            selection: Selection(),
            pace: .timed, sendsValues: false, report: { _ in })
        await explanation.begin(control)
        do {
            let reason = try await refinement.run(control)
            await explanation.end(control)
            return reason
        } catch {
            await explanation.end(control)
            throw error
        }
    }

    /// The values of an explanation as it stands, and their left-out R².
    func values(_ explanation: Explanation, _ selection: Selection = Selection()) async throws -> [Double] {
        let estimate = try await explanation.estimate(selection, standardErrors: false, on: services.solver)
        return [estimate.baseline] + estimate.first + estimate.pairs + [estimate.looR2 ?? 0]
    }
}
