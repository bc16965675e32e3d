import Daemon
import Foundation
import Synchronization
import TestSupport
import Testing

/// Explanations of one image share its masks: nothing is encoded twice, and nothing in the values tells who encoded
/// what.
@Suite(.timeLimit(.minutes(10))) struct SharedMasksTests {
    static let captions = ["a dog and bicycle", "a red car"]
    static let masks = 150

    /// The values of an explanation whose image and caption nobody else explains, and the image masks that this took.
    private func alone(
        _ caption: String, _ more: String = "", masks: Int = Self.masks
    ) async throws -> (values: [Double], imageMasks: Int) {
        let services = try RecordedServices()
        let explanation = try await services.open(caption, more)
        try await services.refine(explanation, masks: masks)
        return (try await services.values(explanation), services.imageMasks.count)
    }

    private func isEachOnce(_ masks: [[UInt8]]) -> Bool { Set(masks).count == masks.count }

    @Test(
        "refinements of one image at once encode the masks of one, and each ends with the values it has alone",
        arguments: [
            Self.captions, [Self.captions[0], Self.captions[0]], Self.captions + Self.captions,
        ])
    func refinementsAtOnce(captions: [String]) async throws {
        let services = try RecordedServices()
        var explanations: [Explanation] = []
        for caption in captions { explanations.append(try await services.open(caption)) }
        // The first images are held until all others want some of them.
        let gate = Gate()
        services.beforeImages { _ in gate.pass() }
        let running = explanations.map { explanation in
            Task { try await services.refine(explanation, masks: Self.masks) }
        }
        try await wait(while: await explanations[0].inputs[0].game.waiting < captions.count - 1)
        gate.open()
        for refinement in running { #expect(try await refinement.value == .budget) }

        for (explanation, caption) in zip(explanations, captions) {
            let lone = try await alone(caption)
            #expect(try await services.values(explanation) == lone.values)
            #expect(services.imageMasks.count == lone.imageMasks)
            #expect(await explanation.imageMasks == Self.masks)
        }
        #expect(isEachOnce(services.imageMasks))
        #expect(await explanations[0].inputs[0].game.samples.count == services.imageMasks.count)
    }

    @Test("refining in steps encodes what refining at once does")
    func refinementInSteps() async throws {
        let services = try RecordedServices()
        let explanation = try await services.open(Self.captions[0])
        for masks in [5, 20, 21, 90, Self.masks] { try await services.refine(explanation, masks: masks) }
        let lone = try await alone(Self.captions[0])
        #expect(services.imageMasks.count == lone.imageMasks && isEachOnce(services.imageMasks))
        #expect(try await services.values(explanation) == lone.values)
    }

    @Test("where early estimates have too few different masks, a refinement goes on to those that have enough")
    func fewDifferentMasks() async throws {
        let services = try RecordedServices()
        let explanation = try await services.open(Self.captions[0], #""p": 0.999"#)
        await #expect(throws: ApplicationError.self, "so few") {
            try await services.refine(explanation, masks: 32)
            _ = try await services.values(explanation)
        }
        #expect(try await services.refine(explanation, masks: 400) == .budget)
        let once = try await alone(Self.captions[0], #""p": 0.999"#, masks: 400)
        #expect(try await services.values(explanation) == once.values)
    }

    @Test(
        "on a warm game, another caption, estimator or order encodes no image mask; another index, p or seed only what is new"
    )
    func warmGame() async throws {
        let services = try RecordedServices()
        let first = try await services.open(Self.captions[0])
        try await services.refine(first, masks: Self.masks)
        let encoded = services.imageMaskCount

        let second = try await services.open(Self.captions[1])
        try await services.refine(second, masks: Self.masks)
        #expect(try await services.values(second) == alone(Self.captions[1]).values)
        _ = try await services.values(first, .init(estimator: .leastSquares))
        _ = try await services.values(first, .init(order: 1))
        let leastSquares = try await services.open(Self.captions[0], #""estimator": "leastSquares", "order": 1"#)
        try await services.refine(leastSquares, masks: Self.masks)
        #expect(services.imageMasks.count == encoded)

        for more in [#""index": "shapley""#, #""p": 0.3"#, #""seed": 7"#, #""paired": true"#, #""sampling": "joint""#] {
            let other = try await services.open(Self.captions[0], more)
            #expect(other.inputs[0].game === first.inputs[0].game)
            let before = services.imageMasks.count
            let missing = other.inputs[0].plan.missing(upTo: Self.masks, in: await first.inputs[0].game.samples)
            #expect(!missing.isEmpty)
            try await services.refine(other, masks: Self.masks)
            #expect(services.imageMasks.count == before + missing.count, "\(more)")
            #expect(try await services.values(other) == alone(Self.captions[0], more).values, "\(more)")
        }
        #expect(isEachOnce(services.imageMasks))
    }

    @Test("a caption that was explained before encodes no text mask")
    func warmText() async throws {
        let services = try RecordedServices()
        try await services.refine(try await services.open(Self.captions[0]), masks: 20)
        let encoded = services.textMasks
        // Another masking of the image is another image game.
        let other = try await services.open(Self.captions[0], #""masking": "drop""#)
        try await services.refine(other, masks: 20)
        #expect(services.textMasks == encoded)
    }

    @Test("a cancelled refinement keeps the masks that were encoded; one after it encodes only the others")
    func cancellation() async throws {
        let services = try RecordedServices(threads: 1)
        let explanation = try await services.open(Self.captions[0])
        let control = RefinementControl()
        services.beforeImages { count in if count > 60 { control.end(.cancelled) } }
        await #expect(throws: CancellationError.self) {
            try await services.refine(explanation, masks: Self.masks, control: control)
        }
        services.beforeImages(nil)
        let lone = try await alone(Self.captions[0])
        let kept = services.imageMasks.count
        #expect(kept > 60 && kept < lone.imageMasks)
        #expect(await explanation.inputs[0].game.samples.count == kept)

        #expect(try await services.refine(explanation, masks: Self.masks) == .budget)
        #expect(services.imageMasks.count == lone.imageMasks && isEachOnce(services.imageMasks))
        #expect(try await services.values(explanation) == lone.values)
    }

    @Test("a cancelled refinement leaves another that waits for its masks to encode them")
    func cancellationWhileAnotherWaits() async throws {
        let services = try RecordedServices(threads: 2)
        let first = try await services.open(Self.captions[0])
        let second = try await services.open(Self.captions[0])
        let gate = Gate()
        services.beforeImages { _ in gate.pass() }
        let control = RefinementControl()
        let cancelled = Task { try await services.refine(first, masks: Self.masks, control: control) }
        try await wait(while: services.imageMaskCount <= 2)
        let waiting = Task { try await services.refine(second, masks: Self.masks) }
        try await wait(while: await first.inputs[0].game.waiting < 1)
        control.end(.cancelled)
        gate.open()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(try await waiting.value == .budget)
        let lone = try await alone(Self.captions[0])
        #expect(services.imageMasks.count == lone.imageMasks && isEachOnce(services.imageMasks))
        #expect(try await services.values(second) == lone.values)
    }
}

/// Holds the first thread that comes by until it is opened.
private final class Gate: Sendable {
    private let opened = DispatchSemaphore(value: 0)
    private let isPassed = Mutex(false)

    func pass() {
        let isFirst = isPassed.withLock { isPassed in
            defer { isPassed = true }
            return !isPassed
        }
        if isFirst { opened.wait() }
    }

    func open() { opened.signal() }
}
