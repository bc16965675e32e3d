import Encoders
import Foundation
import Images
import JSON
import Testing

/// Small models of further kinds, in their libraries' own layouts (`tools/fixtures/checkpoints.py`,
/// `open_clip_models.py`).
@Suite("Checkpoints of further kinds against the reference library", .timeLimit(.minutes(10)))
struct CheckpointTests {
    static let names = [
        "metaclip-2-small", "chinese-clip-small", "altclip-small", "eva02-clip-small", "pe-core-small",
        "timm-clip-small", "clipa-small", "biomedclip-small", "xlm-roberta-small", "worldwide-small",
    ]

    private func load(_ name: String) throws -> (model: LoadedModel, reference: Reference) {
        let fixture = Fixture(name: name)
        #expect(LoadedModel.problem(folder: fixture.folder) == nil)
        return (try LoadedModel.load(folder: fixture.folder, precision: .f32), try Reference(fixture))
    }

    private func text(_ number: Int, _ model: LoadedModel, _ reference: Reference) throws -> PreparedText {
        let players = try reference.masks("text_masks_\(number)")[0].count
        return try model.prepare(ids: reference.integers("text_ids_\(number)"), players: Array(1..<players + 1))
    }

    @Test("Whole and masked images' embeddings agree under both maskings", arguments: names)
    func images(name: String) throws {
        let (model, reference) = try load(name)
        let image = try model.prepare(pixels: reference.values("pixels"))
        #expect(
            relativeError(
                try model.images([ImageItem(image: image)], normalize: false)[0], try reference.values("image")) < 1e-5)
        let masks = try reference.masks("image_masks")
        let masked = try model.images(masks.map { ImageItem(image: image, presence: $0) }, normalize: false)
        #expect(relativeError(masked, try reference.rows("image_masked")) < 1e-5)
        let dropped = try model.images(
            masks.dropFirst().map { ImageItem(image: image, presence: $0, masking: .drop) }, normalize: false)
        #expect(relativeError(dropped, try reference.rows("image_dropped")) < 1e-5)
    }

    @Test("Texts have the reference's ids, and their masks its embeddings", arguments: names)
    func texts(name: String) throws {
        let (model, reference) = try load(name)
        let texts = try #require(JSONValue(contentsOf: "\(Fixture(name: name).folder)/texts.json").array)
        for (number, text) in texts.enumerated() {
            let tokens = try model.tokenizer.tokenize(text.string!)
            #expect(try tokens.ids == reference.integers("text_ids_\(number)"))
            let padding = model.family.padding == .none ? 0 : tokens.ids.count - tokens.playerPositions.count - 2
            #expect(tokens.playerPositions == Array(1..<tokens.ids.count - 1 - padding))
            let prepared = try model.prepare(ids: tokens.ids, players: tokens.playerPositions)
            let masks = prepared.players > 0 ? try reference.masks("text_masks_\(number)") : [[], [], [], [], [], []]
            let found = try model.texts(
                masks.map { TextItem(text: prepared, presence: $0) }, normalize: false)
            let expected = try reference.rows("text_masked_\(number)")
            #expect(relativeError(found, expected) < 1e-5, "\(text)")
            // The second mask has every token: the whole text.
            #expect(relativeError(try model.texts([TextItem(text: prepared)], normalize: false)[0], expected[1]) < 1e-5)
        }
    }

    @Test("The picture becomes the reference's pixels, whatever the processor is called", arguments: names)
    func pixels(name: String) throws {
        let (model, reference) = try load(name)
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Fixture.root)/scene.png")))
        let pixels = model.preprocessor.process(try ImageDecoder.decode(bytes)).pixels
        #expect(zip(pixels, try reference.values("pixels")).allSatisfy { abs($0 - $1) < 0.04 })
    }

    @Test("bf16 and 8-bit masks are close", arguments: names, [Precision.bf16, .int8])
    func precisions(name: String, precision: Precision) throws {
        let reference = try Reference(Fixture(name: name))
        let model = try LoadedModel.load(folder: Fixture(name: name).folder, precision: precision)
        let image = try model.prepare(pixels: reference.values("pixels"))
        let masks = try reference.masks("image_masks")
        let found = try model.images(masks.map { ImageItem(image: image, presence: $0) }, normalize: false)
        #expect(relativeError(found, try reference.rows("image_masked")) < 0.03)
        let text = try text(0, model, reference)
        let texts = try model.texts(
            reference.masks("text_masks_0").map { TextItem(text: text, presence: $0) }, normalize: false)
        #expect(relativeError(texts, try reference.rows("text_masked_0")) < 0.03)
    }

    @Test("Masks of a two-sided text tower do not depend on the others in their call", arguments: names)
    func independent(name: String) throws {
        let (model, reference) = try load(name)
        let text = try text(0, model, reference)
        let items = try reference.masks("text_masks_0").map { TextItem(text: text, presence: $0) }
        let together = try model.texts(items)
        for (item, row) in zip(items, together) { #expect(try model.texts([item])[0] == row) }
    }

    @Test(
        "A configuration half of one family and half of another gets one clear error",
        arguments: [
            ("chinese-clip-small", "clip", "WordPiece"),
            ("altclip-small", "clip", "unigram"), ("altclip-small", "metaclip_2", "no tensor"),
            ("metaclip-2-small", "altclip", "no tensor"), ("altclip-small", "siglip", ""),
            ("metaclip-2-small", "coca", "\"coca\" is not supported"),
        ])
    func halfAndHalf(name: String, type: String, says: String) throws {
        let folder = try TemporaryFolder(copying: name)
        defer { withExtendedLifetime(folder) {} }
        var config = try JSONValue(contentsOf: "\(folder.path)/config.json").object!
        config["model_type"] = .string(type)
        try folder.write("config.json", String(decoding: JSONValue.object(config).serialized(), as: UTF8.self))
        let problem = try #require(LoadedModel.problem(folder: folder.path))
        #expect("\(problem)".contains(folder.path), "\(problem)")
        #expect(says.isEmpty || "\(problem)".contains(says) || "\(problem)".contains("no tensor"), "\(problem)")
        #expect(throws: ModelError.self) { try LoadedModel.load(folder: folder.path, precision: .f32) }
    }
}
