import Daemon
import Encoders
import FIxLIPProtocol
import Foundation
import Interactions
import Logging
import Synchronization

/// The daemon's services on the fixture models, with a record of every mask that the encoders were given: what a status
/// cannot tell, as a game holds a mask once however often it was encoded.
final class RecordedServices: Sendable {
    let opener: Opener
    let refiner: Refiner
    let scheduler: EncodeScheduler
    private let threads: [WorkThreads]
    private let solver: WorkThreads
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
            if !images.isEmpty, batch.contains(where: { $0.order.kind.urgency == .refinement }) { hook?(count) }
        }
    }

    static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fixtures").path

    init(threads count: Int = 2, gameMemory: Int = 1 << 30) throws {
        let record = Record()
        self.record = record
        let logger = Logger(label: "test")
        let scheduler = EncodeScheduler(threadCount: count, beforeBatch: record.note)
        let files = WorkThreads(name: "files", stage: "load", count: 2)
        let arithmetic = WorkThreads(name: "arithmetic", stage: "estimate", count: 1)
        let solver = WorkThreads(name: "solve", stage: "estimate", count: 2)
        let models = ModelPool(
            defaults: .init(model: "clip-small", precision: .f32, keepAlive: 300), memoryLimit: nil, logger: logger,
            onLoad: { scheduler.expect($0) }, onUnload: { scheduler.forget($0) },
            reading: .init(ModelLocator(folders: [Self.fixtures]), listing: files, loading: files))
        let games = GameStore(limit: gameMemory, archive: nil, on: files, logger: logger)
        let explanations = ExplanationStore(idleLimit: 3600)
        let limits = MaskLimits(image: 1 << 16, text: 1 << 12, usualImage: 512, usualText: 256)
        let images = try ImageLoader(roots: [], maximumPixels: 64_000_000)
        opener = Opener(
            models: models, scheduler: scheduler, games: games, maps: nil, explanations: explanations,
            images: images,
            embedder: Embedder(scheduler: scheduler, images: images, decoding: files, preparing: files),
            classes: ClassVectors(), decoding: files, arithmetic: arithmetic, limits: limits)
        refiner = Refiner(
            explanations: explanations, scheduler: scheduler, games: games, solver: solver, arithmetic: arithmetic,
            limits: limits)
        self.scheduler = scheduler
        self.solver = solver
        threads = [files, arithmetic, solver]
    }

    deinit {
        scheduler.stop()
        for threads in threads { threads.stop() }
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
        return try await opener.open(OpenRequest(parameters), adoptsWarmMasks: false)
    }

    /// Refines an explanation up to so many image masks.
    /// - Throws: `CancellationError` where `control` was cancelled.
    @discardableResult
    func refine(
        _ explanation: Explanation, masks: Int, control: RefinementControl = RefinementControl()
    ) async throws -> RefinementEnd {
        try await refiner.addMasks(explanation, RefinementRequest(imageMasks: masks), control: control)
    }

    /// The values of an explanation as it stands, and their left-out R².
    func values(_ explanation: Explanation, _ choice: EstimateChoice = EstimateChoice()) async throws -> [Double] {
        let estimate = try await explanation.estimate(choice, standardErrors: false, on: solver)
        return [estimate.baseline] + estimate.first + estimate.pairs + [estimate.looR2 ?? 0]
    }
}
