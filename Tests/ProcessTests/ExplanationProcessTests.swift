import FIxLIPProtocol
import Foundation
import JSONRPC
import TestSupport
import Testing

private let scene = ImageInput(.text(DaemonProcess.scenes + "/scene-03.png"))
private let caption = "a postbox next to a cocktail glass"

@Suite("Explanations by the running daemon", .serialized, .timeLimit(.minutes(10)))
struct ExplanationProcessTests {
    let daemon: DaemonProcess
    let client: RPCClient

    init() throws {
        daemon = try DaemonProcess(["--precision", "f32"])
        client = try daemon.connect()
    }

    private func open(
        _ text: String = caption, index: IndexChoice? = nil, sampling: SamplingChoice? = nil,
        players: PlayersChoice? = nil, by client: RPCClient? = nil
    ) throws -> ExplanationOpen.Result {
        try (client ?? self.client).call(
            ExplanationOpen.self,
            .init(image: scene, text: text, index: index, players: players, sampling: sampling))
    }

    private func refine(
        _ explanation: String, masks: Int, onProgress: ((RefinementProgress) -> Void)? = nil
    ) throws -> ExplanationRefine.Result {
        try client.call(
            ExplanationRefine.self,
            .init(
                explanation: explanation,
                rules: .init(budget: Budget(imageMasks: masks), progressToken: .string("t")),
                values: Selection(layout: .init(standardErrors: false))), onProgress: onProgress)
    }

    /// The explanations that are open.
    private var list: [ExplanationSummary] { get throws { try client.call(ExplanationList.self).explanations } }

    @Test("the strongest pairs of a noun lie on its object")
    func findsObjects() throws {
        let opened = try open()
        let result = try refine(opened.explanation, masks: 300)
        let words = opened.players.text
        let boxes = try #require(opened.players.image).boxes
        let patches = boxes.count
        let players = patches + words.count
        let pairs = try #require(result.values.pairs?.data).doubles
        func pair(_ i: Int, _ j: Int) -> Double { pairs[i * (2 * players - i - 1) / 2 + (j - i - 1)] }
        let objects = ["postbox": [162.0, 38, 218, 118], "cocktail": [44.0, 34, 126, 130]]
        for (noun, object) in objects {
            let word = try #require(words.firstIndex { $0.token.hasPrefix(noun) }, "no token \(noun)")
            let best = try #require((0..<patches).max { pair($0, patches + word) < pair($1, patches + word) })
            let box = boxes[best]
            #expect(box[0] < object[2] && box[2] > object[0] && box[1] < object[3] && box[3] > object[1])
        }
    }

    @Test("an early estimate that cannot be made is passed over, and the steps of a refinement change nothing")
    func earlyEstimates() throws {
        // Nearly all masks drawn at first are the whole image.
        let parameters = ExplanationOpen.Parameters(image: scene, text: caption, p: 0.999)
        let opened = try client.call(ExplanationOpen.self, parameters)
        let inSteps = try refine(opened.explanation, masks: 400)
        let atOnce = try client.call(
            Explain.self,
            .init(open: parameters, rules: .init(budget: Budget(imageMasks: 400)), reproducible: true))
        #expect(inSteps.imageMasks == 400)
        #expect(inSteps.values.first == atOnce.values.first)
        #expect(inSteps.values.pairs == atOnce.values.pairs)
    }

    @Test(
        "a budget below what an estimator can work with is refused with the least that it can",
        arguments: [
            (EstimatorChoice.ridge, SamplingChoice.crossed, 5), (.leastSquares, .crossed, 3),
            (.leastSquares, .joint, 5),
            (.ridge, .joint, 5),
        ])
    func leastBudgets(estimator: EstimatorChoice, sampling: SamplingChoice, least: Int) throws {
        let opened = try client.call(
            ExplanationOpen.self, .init(image: scene, text: caption, estimator: estimator, sampling: sampling))
        for masks in 2...6 {
            let parameters = ExplanationRefine.Parameters(
                explanation: opened.explanation, rules: .init(budget: Budget(imageMasks: masks)))
            if masks < least {
                let error = client.failure(ExplanationRefine.self, parameters)
                #expect(error?.code == 1009)
                #expect(error?.message.contains("at least \(least)") == true)
            } else {
                #expect(client.failure(ExplanationRefine.self, parameters) == nil)
            }
        }
    }

    @Test("a second caption encodes no image mask, and a reopened one nothing at all")
    func warmImage() throws {
        _ = try refine(try open().explanation, masks: 128)
        let second = try open("a dog beside a red car")
        #expect(second.warm.imageMasks == 128)
        _ = try refine(second.explanation, masks: 128)
        let games = try client.call(ServerStatus.self).games
        #expect(games.image.masks == 128)
        #expect(games.image.count == 1)
        #expect(games.text.count == 2)
        #expect(try open().warm == .init(imageMasks: 128, textMasks: 128))
    }

    @Test(
        "ten refinements give bit for bit what one gives, with other threads too",
        arguments: SamplingChoice.allCases, IndexChoice.allCases)
    func deterministic(sampling: SamplingChoice, index: IndexChoice) throws {
        let atOnce = try refine(try open(index: index, sampling: sampling).explanation, masks: 200)
        let other = try DaemonProcess(["--precision", "f32", "--threads", "1"])
        let client = try other.connect()
        let opened = try open(index: index, sampling: sampling, by: client)
        var last: Values?
        for step in 1...10 {
            last = try client.call(
                ExplanationRefine.self,
                .init(
                    explanation: opened.explanation, rules: .init(budget: Budget(imageMasks: 20 * step)),
                    values: Selection(layout: .init(standardErrors: false)))
            ).values
        }
        #expect(last == atOnce.values)
    }

    @Test("joint sampling: as many text masks as image masks, shared with other explanations, and the ends matched")
    func jointSampling() throws {
        _ = try refine(try open().explanation, masks: 64)
        let opened = try open(index: .shapley, sampling: .joint)
        #expect(opened.warm == .init(imageMasks: 0, textMasks: 0))
        var reports: [RefinementProgress] = []
        let result = try refine(opened.explanation, masks: 300) { reports.append($0) }
        #expect(result.imageMasks == 300 && result.textMasks == 300 && result.stopReason == .budget)
        #expect(reports.allSatisfy { $0.imageMasks == $0.textMasks })
        let full = opened.fullValue - opened.emptyValue
        let values = result.values
        let sum = values.first.doubles.reduce(0, +) + (values.pairs?.data?.doubles ?? []).reduce(0, +)
        #expect(abs(sum - full) < 1e-3 && abs(values.baseline) < 1e-6)
        let drawn = try client.call(
            ExplanationRender.self, .init(explanation: opened.explanation, options: .init(format: .html)))
        #expect(drawn.content.contains("300 pairs of masks"))
        let again = try open(index: .shapley, sampling: .joint)
        #expect(again.warm == .init(imageMasks: 300, textMasks: 300))
        let stopped = try client.call(
            ExplanationRefine.self,
            .init(
                explanation: again.explanation,
                rules: .init(until: StopRule(standardError: 100), progressToken: .string("j")),
                values: Selection(layout: .init(standardErrors: true)))
        ) { reports.append($0) }
        #expect(stopped.stopReason == .standardError)
        let report = try #require(reports.last { $0.kind == .report })
        #expect(report.imageMasks == 300 && report.textMasks == 300 && report.values?.first.doubles.isEmpty == false)
        #expect(stopped.values.standardErrors?.first.doubles.allSatisfy { $0 > 0 } == true)
    }

    @Test("progress begins, reports growing masks, and ends before the reply")
    func progress() throws {
        var reports: [RefinementProgress] = []
        let result = try refine(try open().explanation, masks: 400) { reports.append($0) }
        #expect(reports.first?.kind == .begin)
        #expect(reports.last?.kind == .end)
        #expect(reports.last?.imageMasks == result.imageMasks)
        let sequence = reports.map(\.sequence)
        #expect(sequence == sequence.sorted() && Set(sequence).count == sequence.count)
        let masks = reports.map(\.imageMasks)
        #expect(masks == masks.sorted())
        #expect(result.stopReason == .budget)
        #expect((result.looR2 ?? 0) > 0.8)
    }

    @Test("a ping and a similarity are answered while a refinement runs, which a stop then ends with its result")
    func interleaving() throws {
        let id = try open().explanation
        let started = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        let socket = daemon.socket
        let thread = Thread {
            defer { outcome.done.signal() }
            guard let client = try? RPCClient(connectingTo: socket) else { return }
            outcome.result = try? client.call(
                ExplanationRefine.self,
                .init(
                    explanation: id, rules: .init(budget: Budget(imageMasks: 60000), progressToken: .integer(1)))
            ) { _ in started.signal() }
        }
        thread.start()
        started.wait()
        _ = try client.call(ServerPing.self)
        let similarity = try client.call(Similarity.self, .init(images: [scene], texts: [caption]))
        #expect(similarity.logits[0][0] != nil)
        #expect(outcome.result == nil)
        #expect(try client.call(ExplanationStop.self, .init(explanation: id)).stopped == 1)
        outcome.done.wait()
        #expect(outcome.result?.stopReason == .stopped)
        #expect((outcome.result?.imageMasks ?? 0) >= 8)
    }

    @Test("a cancelled refinement replies with an error, and its masks stay")
    func cancel() throws {
        let id = try open().explanation
        #expect(throws: RPCClientError.self) {
            try client.call(
                ExplanationRefine.self,
                .init(explanation: id, rules: .init(budget: Budget(imageMasks: 60000))), timeout: .milliseconds(700))
        }
        // The connection answers in order of completion; once this is answered the cancellation has been acted on.
        #expect(try list.first?.explanation == id)
        #expect(try refine(id, masks: 64).imageMasks >= 64)
    }

    @Test("an explanation that was cancelled while it was opened is not left open, whichever comes first")
    func cancelledOpening() throws {
        let parameters = ExplanationOpen.Parameters(image: scene, text: caption)
        var usual = Duration.zero
        for _ in 0..<2 {
            let start = ContinuousClock.now
            let id = try client.call(ExplanationOpen.self, parameters).explanation
            usual = ContinuousClock.now - start
            _ = try client.call(ExplanationClose.self, .init(explanation: id))
        }
        var cancelled = 0
        for round in 0..<300 {
            let number = try client.send(ExplanationOpen.self, parameters)
            usleep(UInt32(Int(usual / .microseconds(1)) * (round % 30) / 20))
            try client.notify("$/cancelRequest", params: ["id": .integer(number)])
            guard case .reply(_, let outcome) = try client.nextReply() else { continue }
            switch outcome {
            case .success(let opened):
                let id = try ExplanationOpen.result(from: opened).explanation
                _ = try client.call(ExplanationClose.self, .init(explanation: id))
            case .failure(let error):
                #expect(error.code == -32800)
                cancelled += 1
            }
        }
        #expect(cancelled > 0)
        // The last one's end may still be on its way.
        try until("no explanation is open") { try list.isEmpty }
    }

    @Test("stop rules end a refinement and say so")
    func stopRules() throws {
        let id = try open().explanation
        func ending(_ rules: RefinementRules) throws -> StopReason {
            try client.call(ExplanationRefine.self, .init(explanation: id, rules: rules)).stopReason
        }
        #expect(try ending(.init(deadlineMilliseconds: 300)) == .deadline)
        #expect(
            try ending(.init(budget: Budget(imageMasks: 4000), until: StopRule(topK: 1, stableRounds: 1))) == .stable)
        #expect(
            try ending(.init(budget: Budget(imageMasks: 8000), until: StopRule(standardError: 100))) == .standardError)
    }

    @Test("one call explains and renders")
    func explain() throws {
        for (format, opening) in [(RenderFormat.html, "<!DOCTYPE html>"), (.svg, "<svg"), (.markdown, "#")] {
            let result = try client.call(
                Explain.self,
                .init(
                    open: .init(image: scene, text: caption), rules: .init(budget: Budget(imageMasks: 64)),
                    layout: .init(pairs: .top(5)), render: .init(format: format)))
            #expect(result.render?.content.lowercased().contains(opening.lowercased()) == true)
            #expect(result.values.pairs?.items?.count == 5)
        }
        #expect(try list.isEmpty)
    }

    @Test("words, coarse grids and regions are players")
    func players() throws {
        let grid = GridShape(rows: 3, columns: 2)
        let words = try open(players: .init(image: .init(grid: grid), text: .words)).players
        #expect(words.text.count == 7)
        #expect(words.image?.count == 6)
        #expect(try open(players: .init(text: .spans([[2, 9], [20, 34]]))).players.text.count == 2)
        let halves = try open(players: .init(image: .init(regions: (0..<49).map { $0 < 21 ? 0 : 1 })))
        #expect(halves.players.image?.boxes == [[0, 0, 224, 96], [0, 96, 224, 224]])
        #expect(try refine(halves.explanation, masks: 4).stopReason == .exhausted)
    }

    @Test("an empty caption has the image's interactions alone")
    func emptyCaption() throws {
        let opened = try open("")
        #expect(opened.players.text.isEmpty)
        let values = try refine(opened.explanation, masks: 128).values
        #expect(values.first.doubles.count == 49)
        #expect(values.pairs?.data?.doubles.count == 49 * 48 / 2)
    }

    @Test("a caption longer than the model reads is cut, and said to be")
    func truncation() throws {
        let long = String(repeating: "dog ", count: 200)
        #expect(try open(long).truncated)
        #expect(try !open().truncated)
        #expect(try client.call(EmbedText.self, .init(texts: ["a dog", long])).truncated == [1])
    }
}

/// What a thread of a test found. Written before `done` is signalled, read after, except for the check that it is nil.
private final class Outcome: @unchecked Sendable {
    let done = DispatchSemaphore(value: 0)
    private let lock = NSLock()
    private var stored: ExplanationRefine.Result?
    var result: ExplanationRefine.Result? {
        get { lock.withLock { stored } }
        set { lock.withLock { stored = newValue } }
    }
}
