import Encoders
import Synchronization
import Testing

/// Answers "cancelled" from a certain question on.
private final class Questions: Sendable {
    private let count = Mutex(0)
    private let last: Int

    init(cancelledFrom last: Int) { self.last = last }

    var asked: Int { count.withLock { $0 } }

    func isCancelled() -> Bool {
        count.withLock { count in
            count += 1
            return count > last
        }
    }
}

@Suite("Loading that is cancelled", .timeLimit(.minutes(10)))
struct CancelledLoadTests {
    @Test(
        "ends at whichever question is answered so, the tokenizer's and the trial's of 8-bit masks among them",
        arguments: ["clip-small", "siglip-small", "siglip2-small", "altclip-small", "timm-clip-small"])
    func ends(name: String) throws {
        let folder = Fixture(name: name).folder
        for precision in [Precision.f32, .int8] {
            let all = Questions(cancelledFrom: .max)
            _ = try LoadedModel.load(folder: folder, precision: precision) { all.isCancelled() }
            #expect(all.asked > 20, "a question for each tensor at least")
            for last in stride(from: 0, to: all.asked, by: max(1, all.asked / 40)) {
                let questions = Questions(cancelledFrom: last)
                let error = #expect(throws: ModelError.self) {
                    try LoadedModel.load(folder: folder, precision: precision) { questions.isCancelled() }
                }
                guard case .cancelled? = error else {
                    Issue.record("\(name) ended with \(String(describing: error)) at question \(last)")
                    continue
                }
            }
        }
    }

    @Test("asks while the tokenizer's files are read and while 8-bit masks are tried")
    func asksEverywhere() throws {
        let summarized = Questions(cancelledFrom: .max)
        _ = try LoadedModel.summary(folder: Fixture.demo) { summarized.isCancelled() }
        #expect(summarized.asked > 1, "looking at a folder reads its tokenizer")
        let cancelled = Questions(cancelledFrom: 1)
        #expect(throws: ModelError.self) {
            try LoadedModel.summary(folder: Fixture.demo) { cancelled.isCancelled() }
        }
    }
}
