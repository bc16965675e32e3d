import Encoders
import Tensors
import Testing

@Suite("Precisions", .timeLimit(.minutes(10)))
struct PrecisionTests {
    /// Cosines of masked images in one precision with those in f32, least first.
    func cosines(_ name: String, _ precision: Precision) throws -> [Float] {
        let fixture = Fixture(name: name)
        let reference = try Reference(fixture)
        let embeddings = try [Precision.f32, precision].map { precision in
            let model = try LoadedModel.load(folder: fixture.folder, precision: precision)
            let image = try model.prepare(pixels: reference.values("pixels"))
            let text = try model.prepare(
                ids: reference.integers("text_ids"), players: reference.integers("text_players"))
            return try model.images(reference.masks("image_masks").map { ImageItem(image: image, presence: $0) })
                + model.texts(reference.masks("text_masks").map { TextItem(text: text, presence: $0) })
        }
        return zip(embeddings[0], embeddings[1]).map(dot).sorted()
    }

    @Test("bf16 embeddings point where f32 ones do", arguments: Fixture.names)
    func bf16(name: String) throws { #expect(try cosines(name, .bf16)[0] > 0.999) }

    @Test("8-bit embeddings of masks point where f32 ones do, but are not the same", arguments: Fixture.names)
    func int8(name: String) throws {
        let cosines = try cosines(name, .int8)
        #expect(cosines[0] > 0.995)
        #expect(cosines[0] < 0.9999999)
    }

    @Test("Under int8, whole inputs and those asked for precisely have f32's bits", arguments: Fixture.names)
    func precise(name: String) throws {
        let fixture = Fixture(name: name)
        let pixels = try Reference(fixture).values("pixels")
        let ids = try fixture.expectedTexts()[0].ids
        let found = try [Precision.f32, .int8].map { precision in
            let model = try LoadedModel.load(folder: fixture.folder, precision: precision)
            let image = try model.prepare(pixels: pixels)
            let mask = (0..<model.rows * model.columns).map { UInt8($0 % 2) }
            let text = try model.prepare(ids: ids, players: fixture.players(ids, model))
            return try model.images([ImageItem(image: image), ImageItem(image: image, presence: mask, precise: true)])
                + model.texts([
                    TextItem(text: text),
                    TextItem(text: text, presence: [UInt8](repeating: 0, count: text.players), precise: true),
                ])
        }
        #expect(found[0] == found[1])
    }

    @Test("auto takes bf16 where the processor has it, else f32; int8 is for masks only")
    func resolution() throws {
        let folder = Fixture(name: "clip-small").folder
        let auto = try LoadedModel.load(folder: folder, precision: .auto)
        #expect(auto.precision == (CPUFeatures.current.bf16 ? .bf16 : .f32))
        #expect(auto.maskPrecision == auto.precision)
        let int8 = try LoadedModel.load(folder: folder, precision: .int8)
        #expect(int8.precision == .f32 && int8.maskPrecision == .int8)
        #expect(int8.residentBytes > auto.residentBytes)
    }
}
