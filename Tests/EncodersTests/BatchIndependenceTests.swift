import Encoders
import Testing

@Suite("An item's result does not depend on the others in its call", .timeLimit(.minutes(10)))
struct BatchIndependenceTests {
    struct Case: Sendable, CustomTestStringConvertible {
        var name: String, precision: Precision
        var testDescription: String { "\(name) in \(precision)" }
    }

    static let cases = Fixture.names.flatMap { name in
        [Precision.f32, .bf16, .int8].map { Case(name: name, precision: $0) }
    }

    @Test("Masked images give the same bits alone and in batches of any size", arguments: cases)
    func images(_ c: Case) throws {
        let fixture = Fixture(name: c.name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: c.precision)
        let pixels = try Reference(fixture).values("pixels")
        let images = try [pixels, pixels.map { -$0 }].map { try model.prepare(pixels: $0) }
        let patches = model.rows * model.columns
        let items = (0..<70).map { index in
            ImageItem(
                image: images[index % 2],
                presence: index % 10 == 9 ? nil : (0..<patches).map { UInt8((index * 37 >> ($0 % 8)) & 1) },
                masking: index % 3 == 0 ? .drop : .mean, precise: index % 7 == 0)
        }
        let together = try model.images(items)
        for size in [1, 2, 3, 17] {
            for start in stride(from: 0, to: items.count, by: size) {
                let part = Array(items[start..<min(start + size, items.count)])
                let same = try model.images(part) == Array(together[start..<start + part.count])
                #expect(same, "items \(start) and on, \(size) at a time")
            }
        }
    }

    @Test("Masked texts give the same bits alone and with prefixes shared", arguments: cases)
    func texts(_ c: Case) throws {
        let fixture = Fixture(name: c.name)
        let model = try LoadedModel.load(folder: fixture.folder, precision: c.precision)
        let texts = try fixture.expectedTexts().prefix(2).map {
            try model.prepare(ids: $0.ids, players: fixture.players($0.ids, model))
        }
        let items = texts.enumerated().flatMap { number, text in
            (0..<40).map { index in
                TextItem(
                    text: text,
                    presence: index == 39 ? nil : (0..<text.players).map { UInt8((index * 5 >> ($0 % 6)) & 1) },
                    precise: index % 5 == number)
            }
        }
        let together = try model.texts(items)
        for size in [1, 3, 16] {
            for start in stride(from: 0, to: items.count, by: size) {
                let part = Array(items[start..<min(start + size, items.count)])
                let same = try model.texts(part) == Array(together[start..<start + part.count])
                #expect(same, "items \(start) and on, \(size) at a time")
            }
        }
    }

    @Test("A workspace used before gives the same bits as a fresh one")
    func workspaceReuse() throws {
        let fixture = Fixture(name: "clip-small")
        let model = try LoadedModel.load(folder: fixture.folder, precision: .int8)
        let image = try model.prepare(pixels: Reference(fixture).values("pixels"))
        let items = (0..<9).map { index in
            ImageItem(image: image, presence: (0..<9).map { $0 <= index ? 1 : 0 }, masking: .drop)
        }
        let workspace = try model.makeWorkspace()
        var results: [[Float]] = []
        for part in [items[0..<9], items[3..<9], items[0..<9]] {
            var result = [Float](repeating: 0, count: part.count * model.dimension)
            try result.withUnsafeMutableBufferPointer {
                try model.encodeImages(Array(part), into: $0, workspace: workspace)
            }
            results.append(result)
        }
        #expect(results[0] == results[2])
        #expect(Array(results[0][(3 * model.dimension)...]) == results[1])
    }
}
