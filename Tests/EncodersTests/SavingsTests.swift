import Encoders
import Testing

@Suite("What is saved changes nothing", .timeLimit(.minutes(10)))
struct SavingsTests {
    /// `[3, size, size]` pixels with those of absent patches set to 0.
    static func greyed(_ pixels: [Float], _ mask: [UInt8], _ model: LoadedModel) -> [Float] {
        let size = model.imageWidth
        let edge = model.patchSize
        return pixels.indices.map { index in
            let x = index % size
            let y = index / size % size
            guard x / edge < model.columns, y / edge < model.rows else { return pixels[index] }
            return mask[y / edge * model.columns + x / edge] == 0 ? 0 : pixels[index]
        }
    }

    @Test(
        "States of patches computed once per patch are those of each masked image on its own", arguments: Fixture.names)
    func firstLayer(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let reference = try Reference(fixture)
        let pixels = try reference.values("pixels")
        let image = try model.prepare(pixels: pixels)
        for mask in try reference.masks("image_masks") {
            let shared = try model.images([ImageItem(image: image, presence: mask)], normalize: false)[0]
            let own = try model.prepare(pixels: Self.greyed(pixels, mask, model))
            let alone = try model.images([ImageItem(image: own)], normalize: false)[0]
            #expect(relativeError(shared, alone) < 1e-5)
        }
    }

    @Test(
        "Absent tokens removed are a text's sequence without them: CLIP ends at end-of-text",
        arguments: ["clip-small", "clip-legacy-eos"])
    func afterEndOfText(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let ids = try fixture.expectedTexts()[0].ids
        let plain = try model.prepare(ids: ids, players: [])
        let padded = try model.prepare(ids: ids + [5, 6, 7], players: [])
        let found = try model.texts([TextItem(text: plain), TextItem(text: padded)])
        #expect(found[0] == found[1])
    }

    @Test("All present is the whole input, bit for bit", arguments: Fixture.names)
    func allPresent(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.prepare(pixels: Reference(fixture).values("pixels"))
        let all = [UInt8](repeating: 1, count: model.rows * model.columns)
        let found = try model.images([
            ImageItem(image: image), ImageItem(image: image, presence: all),
            ImageItem(image: image, presence: all, masking: .drop),
        ])
        #expect(found[0] == found[1])
        #expect(found[0] == found[2])
        let ids = try fixture.expectedTexts()[0].ids
        let text = try model.prepare(ids: ids, players: fixture.players(ids, model))
        let texts = try model.texts([
            TextItem(text: text), TextItem(text: text, presence: [UInt8](repeating: 1, count: text.players)),
        ])
        #expect(texts[0] == texts[1])
    }
}
