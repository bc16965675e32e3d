import Encoders
import Testing

@Suite("Images against the reference library, from its own pixels", .timeLimit(.minutes(10)))
struct ImageReferenceTests {
    @Test("The whole image's embedding agrees", arguments: Fixture.names)
    func whole(name: String) throws {
        let fixture = Fixture(name: name)
        let reference = try Reference(fixture)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.prepare(pixels: reference.values("pixels"))
        #expect(
            relativeError(
                try model.images([ImageItem(image: image)], normalize: false)[0], try reference.values("image")) < 1e-5)
        let unit = try model.images([ImageItem(image: image)])[0]
        #expect(relativeError(unit, try fixture.expected()["image_embedding"]!.floats) < 1e-4)
        #expect(abs(dot(unit, unit) - 1) < 1e-6)
    }

    @Test("Masked images' embeddings agree: absent patches show the mean colour", arguments: Fixture.names)
    func mean(name: String) throws {
        let fixture = Fixture(name: name)
        let reference = try Reference(fixture)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.prepare(pixels: reference.values("pixels"))
        let found = try model.images(
            reference.masks("image_masks").map { ImageItem(image: image, presence: $0) }, normalize: false)
        let expected = try reference.rows("image_masked")
        #expect(relativeError(found, expected) < 1e-5)
        // Some masks leave states that layer normalisation makes much of: the reference itself, in single precision, is
        // 6e-6 off.
        for (found, expected) in zip(found, expected) { #expect(relativeError(found, expected) < 2e-5) }
    }

    @Test("Masked images' embeddings agree: absent patches are removed", arguments: Fixture.names)
    func drop(name: String) throws {
        let fixture = Fixture(name: name)
        let reference = try Reference(fixture)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.prepare(pixels: reference.values("pixels"))
        let masks = try reference.masks("image_masks").dropFirst()
        let found = try model.images(
            masks.map { ImageItem(image: image, presence: $0, masking: .drop) }, normalize: false)
        for (found, expected) in zip(found, try reference.rows("image_dropped")) {
            #expect(relativeError(found, expected) < 1e-5)
        }
    }

    @Test("SigLIP's empty image is the same under both maskings; CLIP's is not", arguments: Fixture.names)
    func empty(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.prepare(pixels: Reference(fixture).values("pixels"))
        let none = [UInt8](repeating: 0, count: model.rows * model.columns)
        let found = try model.images([
            ImageItem(image: image, presence: none), ImageItem(image: image, presence: none, masking: .drop),
        ])
        #expect((found[0] == found[1]) == (name.hasPrefix("siglip")))
    }

    @Test("Logits of the reference's image and texts agree", arguments: Fixture.names)
    func logits(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let image = try model.images([ImageItem(image: model.prepare(pixels: Reference(fixture).values("pixels")))])[0]
        for expected in try fixture.expectedTexts() {
            let text = try model.prepare(ids: expected.ids, players: fixture.players(expected.ids, model))
            let cosine = dot(image, try model.texts([TextItem(text: text)])[0])
            #expect(abs(cosine - expected.cosine) < 1e-5)
            let logit = model.logitScale * cosine + model.logitBias
            #expect(abs(logit - expected.logit) < 1e-3 * max(1, abs(expected.logit)))
        }
    }
}
