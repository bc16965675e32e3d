import Encoders
import Testing

@Suite("Texts against the reference library", .timeLimit(.minutes(10)))
struct TextReferenceTests {
    @Test("Text embeddings agree", arguments: Fixture.names)
    func embeddings(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        for expected in try fixture.expectedTexts() {
            let text = try model.prepare(ids: expected.ids, players: fixture.players(expected.ids, model))
            let found = try model.texts([TextItem(text: text)])[0]
            #expect(dot(found, expected.embedding) > 0.99999)
            #expect(relativeError(found, expected.embedding) < 1e-5, "\(expected.text)")
        }
    }

    @Test("Masked texts' embeddings agree: absent tokens removed is absent tokens unattended", arguments: Fixture.names)
    func masked(name: String) throws {
        let fixture = Fixture(name: name)
        let reference = try Reference(fixture)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let text = try model.prepare(ids: reference.integers("text_ids"), players: reference.integers("text_players"))
        let found = try model.texts(
            reference.masks("text_masks").map { TextItem(text: text, presence: $0) }, normalize: false)
        for (found, expected) in zip(found, try reference.rows("text_masked")) {
            #expect(relativeError(found, expected) < 1e-5)
        }
    }
}
