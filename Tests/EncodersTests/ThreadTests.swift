import Encoders
import Foundation
import Testing

@Suite("Compute threads")
struct ThreadTests {
    @Test("Threads that share a model and have a workspace each get one thread's bits", arguments: [Precision.f32, .int8])
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
}
