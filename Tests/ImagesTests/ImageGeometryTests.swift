import Images
import Testing

@Suite("From model pixels back to source pixels", .timeLimit(.minutes(10)))
struct ImageGeometryTests {
    @Test("SigLIP's patches tile the whole picture")
    func exact() {
        let geometry = ImagePreprocessor(family: .siglip, imageSize: 60).geometry(sourceWidth: 300, sourceHeight: 240)
        #expect(geometry.sourceBox(ofPatchRow: 0, column: 0, patchSize: 15) == (0, 0, 75, 60))
        #expect(geometry.sourceBox(ofPatchRow: 3, column: 3, patchSize: 15) == (225, 180, 300, 240))
        #expect(geometry.sourceBox(ofPatchRow: 1, column: 2, patchSize: 15) == (150, 60, 225, 120))
    }

    @Test("CLIP's crop is undone")
    func cropped() {
        // 400 × 200 → 100 × 50 → columns 25…75.
        let geometry = ImagePreprocessor(family: .clip, imageSize: 50).geometry(sourceWidth: 400, sourceHeight: 200)
        #expect((geometry.resizedWidth, geometry.resizedHeight) == (100, 50))
        #expect((geometry.cropLeft, geometry.cropTop) == (25, 0))
        #expect(geometry.sourceBox(ofPatchRow: 0, column: 0, patchSize: 10) == (100, 0, 140, 40))
        #expect(geometry.sourceBox(ofPatchRow: 4, column: 4, patchSize: 10) == (260, 160, 300, 200))
    }

    @Test("boxes in padding are clamped to the picture")
    func padded() {
        let geometry = ImagePreprocessor(resize: .none, crop: .init(height: 30, width: 30), normalization: nil)
            .geometry(sourceWidth: 10, sourceHeight: 20)
        #expect(geometry.sourceBox(ofPatchRow: 0, column: 0, patchSize: 10) == (0, 0, 0, 5))
        #expect(geometry.sourceBox(ofPatchRow: 1, column: 1, patchSize: 10) == (0, 5, 10, 15))
        #expect(geometry.sourceBox(ofPatchRow: 2, column: 2, patchSize: 10) == (10, 15, 10, 20))
    }

    @Test(
        "patches cover the crop without gaps, inside the picture",
        arguments: [(1, 1), (640, 480), (480, 641), (33, 2000)])
    func tiling(width: Int, height: Int) {
        let geometry = ImagePreprocessor(family: .clip, imageSize: 48).geometry(
            sourceWidth: width, sourceHeight: height)
        for row in 0..<6 {
            for column in 0..<6 {
                let box = geometry.sourceBox(ofPatchRow: row, column: column, patchSize: 8)
                #expect(0 <= box.x0 && box.x0 < box.x1 && box.x1 <= Double(width))
                #expect(0 <= box.y0 && box.y0 < box.y1 && box.y1 <= Double(height))
                let right = geometry.sourceBox(ofPatchRow: row, column: column + 1, patchSize: 8)
                let below = geometry.sourceBox(ofPatchRow: row + 1, column: column, patchSize: 8)
                #expect(column == 5 || right.x0 == box.x1)
                #expect(row == 5 || below.y0 == box.y1)
            }
        }
    }

    @Test("a turned photograph has its boxes in the upright picture")
    func oriented() throws {
        let image = try PillowFixtures.image("orientation-6.jpg")
        let made = ImagePreprocessor(family: .siglip, imageSize: 8).process(image)
        #expect((made.geometry.sourceWidth, made.geometry.sourceHeight) == (27, 41))
        #expect(made.geometry.sourceBox(ofPatchRow: 1, column: 1, patchSize: 4) == (13.5, 20.5, 27, 41))
    }

    @Test("extreme shapes cost no more than their crop", arguments: ["1x60000.png", "3x2000.png", "2000x3.png"])
    func extremeShapes(name: String) throws {
        let made = try ImagePreprocessor(family: .clip, imageSize: 224).process(PillowFixtures.image(name))
        #expect(made.pixels.count == 3 * 224 * 224)
        #expect(made.pixels.allSatisfy { $0.isFinite })
    }
}
