import Encoders
import Testing

@Suite("What the patches of a whole image say by themselves", .timeLimit(.minutes(10)))
struct PatchStatesTests {
    private func states(_ model: LoadedModel, _ image: PreparedImage, among others: [ImageItem]) throws -> (
        states: PatchStates, embedding: [Float]
    ) {
        let sink = PatchStatesSink()
        let items = others + [ImageItem(image: image, states: sink)] + others
        let rows = try model.images(items)
        return (try #require(sink.states), rows[others.count])
    }

    @Test("one row a patch, the same bits alone and among others, and no embedding changes", arguments: Fixture.names)
    func rows(name: String) throws {
        let fixture = Fixture(name: name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let pixels = try Reference(fixture).values("pixels")
        let (image, other) = (try model.prepare(pixels: pixels), try model.prepare(pixels: pixels.map { -$0 }))
        let patches = model.rows * model.columns
        let masked = (0..<5).map { index in
            ImageItem(
                image: other, presence: (0..<patches).map { UInt8(index * 37 >> ($0 % 8) & 1) },
                masking: index % 2 == 0 ? .drop : .mean)
        }
        let plain = try model.images([ImageItem(image: image)])[0]
        let alone = try states(model, image, among: [])
        let among = try states(model, image, among: masked)
        #expect(alone.states.patches == patches && alone.states.dimension == model.dimension)
        #expect(alone.states == among.states)
        #expect(alone.embedding == plain && among.embedding == plain)
        #expect(alone.states.values.allSatisfy { $0.isFinite })
        let rows = Set(
            (0..<patches).map { Array(alone.states.values[$0 * model.dimension..<($0 + 1) * model.dimension]) })
        #expect(rows.count == patches)
        #expect(try states(model, other, among: []).states != alone.states)
    }

    @Test("a masked image gives none where patches are removed: they have no states", arguments: ["clip-small"])
    func removedPatches(name: String) throws {
        let model = try LoadedModel.load(folder: Fixture(name: name).folder, precision: .f32)
        let image = try model.prepare(pixels: try Reference(Fixture(name: name)).values("pixels"))
        let sink = PatchStatesSink()
        var presence = [UInt8](repeating: 1, count: model.rows * model.columns)
        presence[0] = 0
        _ = try model.images([ImageItem(image: image, presence: presence, masking: .drop, states: sink)])
        #expect(sink.states == nil)
    }
}
