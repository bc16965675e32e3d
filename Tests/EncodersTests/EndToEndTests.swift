import Encoders
import Foundation
import Images
import JSON
import Testing

@Suite("From an image file and a caption to logits, against the reference library", .timeLimit(.minutes(10)))
struct EndToEndTests {
    func image(_ model: LoadedModel) throws -> PreparedImage {
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Fixture.root)/scene.png")))
        return try model.prepare(pixels: model.preprocessor.process(ImageDecoder.decode(bytes)).pixels)
    }

    func text(_ text: String, _ model: LoadedModel) throws -> PreparedText {
        let tokens = try model.tokenizer.tokenize(text)
        return try model.prepare(ids: tokens.ids, players: tokens.playerPositions)
    }

    @Test("Embeddings and logits are within the bars", arguments: Fixture.names)
    func logits(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let f = try model.images([ImageItem(image: image(model))])[0]
        #expect(dot(f, try fixture.expected()["image_embedding"]!.floats) >= 0.9999)
        for expected in try fixture.expectedTexts() {
            let h = try model.texts([TextItem(text: text(expected.text, model))])[0]
            #expect(dot(h, expected.embedding) >= 0.99999)
            let logit = model.logitScale * dot(f, h) + model.logitBias
            #expect(abs(logit - expected.logit) <= 1e-2 * max(1, abs(expected.logit)), "\(expected.text)")
        }
    }

    @Test("Values of the reference's game agree", arguments: Fixture.names)
    func game(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let game = try fixture.expected()["game"]!
        let image = try image(model)
        let text = try text(game["text"]!.string!, model)
        let patches = model.rows * model.columns
        #expect(patches == game["n_image"]!.int!)
        #expect(text.players == game["n_text"]!.int!)
        var expected = game["logit_at"]!.array!.map { ($0[0]!.int!, $0[1]!.int!, Float($0[2]!.double!)) }
        expected.append((0, 0, Float(game["empty"]!.double!)))
        expected.append((1 << patches - 1, 1 << text.players - 1, Float(game["full"]!.double!)))
        for (x, t, logit) in expected {
            let f = try model.images([ImageItem(image: image, presence: (0..<patches).map { UInt8(x >> $0 & 1) })])[0]
            let h = try model.texts([TextItem(text: text, presence: (0..<text.players).map { UInt8(t >> $0 & 1) })])[0]
            let found = model.logitScale * dot(f, h) + model.logitBias
            #expect(abs(found - logit) <= 1e-2 * max(1, abs(logit)), "masks \(x) and \(t)")
        }
    }
}
