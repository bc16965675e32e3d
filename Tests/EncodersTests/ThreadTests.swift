import Encoders
import Foundation
import Tensors
import Testing

@Suite("Compute threads", .timeLimit(.minutes(10)))
struct ThreadTests {
    @Test(
        "Threads that share a model and have a workspace each get one thread's bits", arguments: [Precision.f32, .int8])
    func shared(precision: Precision) async throws {
        let fixture = Fixture(name: "clip-small")
        let model = try LoadedModel.load(folder: fixture.folder, precision: precision)
        let image = try model.prepare(pixels: Reference(fixture).values("pixels"))
        let items = (0..<64).map { index in
            ImageItem(image: image, presence: (0..<9).map { UInt8((index * 11 >> ($0 % 6)) & 1) })
        }
        let expected = try model.images(items)
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<4 {
                group.addTask { try model.images(items) }
            }
            for try await found in group { #expect(found == expected) }
        }
    }

    @Test("A micro-batch that two threads share has one thread's bits", arguments: [Precision.f32, .bf16, .int8])
    func team(precision: Precision) throws {
        // The fixtures are too small to be shared.
        let model = try LoadedModel.load(folder: Fixture.demo, precision: precision)
        #expect(model.leastProductOfImage >= ComputeTeam.leastWork)
        let image = try model.prepare(
            pixels: (0..<3 * model.imageHeight * model.imageWidth).map { Float($0 % 255) / 128 - 1 })
        let tokenization = try model.tokenizer.tokenize("a dog next to a guitar")
        let text = try model.prepare(ids: tokenization.ids, players: tokenization.playerPositions)
        let patches = model.rows * model.columns
        let images =
            [ImageItem(image: image)]
            + (0..<8).map { index in
                ImageItem(image: image, presence: (0..<patches).map { UInt8((index * 11 >> ($0 % 6)) & 1) })
            }
        let texts =
            [TextItem(text: text)]
            + (0..<20).map { index in
                TextItem(text: text, presence: (0..<text.players).map { UInt8((index >> ($0 % 5)) & 1) })
            }
        let (expectedImages, expectedTexts) = (try model.images(images), try model.texts(texts))

        let team = try ComputeTeam()
        let workspace = try model.makeWorkspace()
        let dismissals = team.dismissals
        let server = Thread {
            if let context = try? ComputeContext() { team.serve(with: context, dismissals: dismissals) }
        }
        server.start()
        while team.servers == 0 { sched_yield() }
        let (sharedImages, sharedTexts) = try workspace.leading(team) {
            (try model.images(images, workspace: workspace), try model.texts(texts, workspace: workspace))
        }
        team.close()
        #expect(sharedImages == expectedImages)
        #expect(sharedTexts == expectedTexts)
        while !server.isFinished { sched_yield() }
    }
}
