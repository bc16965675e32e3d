import Foundation
import Images
import JSON
import Testing

import Encoders

/// A small SigLIP2 NaFlex model with the reference library's numbers (`tools/fixtures/naflex.py`).
@Suite("Pictures in their own aspect ratio: SigLIP2 NaFlex against the reference library", .timeLimit(.minutes(10)))
struct NaFlexTests {
    static let fixture = Fixture(name: "siglip2-naflex-small")
    static let pictures = [0, 1, 2, 3, 4]

    private func load() throws -> (model: LoadedModel, reference: Reference) {
        #expect(LoadedModel.problem(folder: Self.fixture.folder) == nil)
        return (
            try LoadedModel.load(folder: Self.fixture.folder, precision: .f32), try Reference(Self.fixture)
        )
    }

    private func prepared(_ number: Int, _ model: LoadedModel, _ reference: Reference) throws -> PreparedImage {
        let grid = try reference.integers("grid_\(number)")
        return try model.prepare(
            pixels: reference.values("pixels_\(number)"), height: 16 * grid[0], width: 16 * grid[1])
    }

    @Test("Whole and masked images' embeddings agree under both maskings, whatever the shape", arguments: pictures)
    func images(number: Int) throws {
        let (model, reference) = try load()
        let image = try prepared(number, model, reference)
        #expect(try [image.grid.rows, image.grid.columns] == reference.integers("grid_\(number)"))
        let whole = try model.images([ImageItem(image: image)], normalize: false)[0]
        #expect(try relativeError(whole, reference.values("image_\(number)")) < 1e-5)
        let masks = try reference.masks("image_masks_\(number)")
        let masked = try model.images(masks.map { ImageItem(image: image, presence: $0) }, normalize: false)
        #expect(try relativeError(masked, reference.rows("image_masked_\(number)")) < 1e-5)
        let dropped = try model.images(
            masks.dropFirst().map { ImageItem(image: image, presence: $0, masking: .drop) }, normalize: false)
        #expect(try relativeError(dropped, reference.rows("image_dropped_\(number)")) < 1e-5)
    }

    @Test("Images of different grids in one call have the embeddings that each has alone")
    func together() throws {
        let (model, reference) = try load()
        let items = try Self.pictures.flatMap { number in
            let image = try prepared(number, model, reference)
            return try [ImageItem(image: image)]
                + reference.masks("image_masks_\(number)").map { ImageItem(image: image, presence: $0) }
        }
        let together = try model.images(items)
        for (item, row) in zip(items, together) { #expect(try model.images([item])[0] == row) }
    }

    @Test("Pictures become the reference's patches, whatever their shape", arguments: pictures)
    func pixels(number: Int) throws {
        let (model, reference) = try load()
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: "\(Fixture.root)/scene.png")))
        let scene = try ImageDecoder.decode(bytes)
        let box = try reference.integers("box_\(number)")
        let picture = Self.part(of: scene, left: box[0], top: box[1], right: box[2], bottom: box[3])
        let found = model.preprocessor.process(picture)
        #expect(try [found.height / 16, found.width / 16] == reference.integers("grid_\(number)"))
        let differences = try zip(found.pixels, reference.values("pixels_\(number)")).map { abs($0 - $1) }
        // A grey level: Pillow 13 resizes tall pictures from top to bottom first, and rounds in between.
        #expect(differences.max()! < 0.0079)
        #expect(try model.prepare(found).grid.count <= 15)
    }

    private static func part(of image: DecodedImage, left: Int, top: Int, right: Int, bottom: Int) -> DecodedImage {
        var rgb: [UInt8] = []
        for row in top..<bottom {
            let start = 3 * (row * image.width + left)
            rgb += image.rgb[start..<start + 3 * (right - left)]
        }
        return DecodedImage(width: right - left, height: bottom - top, rgb: rgb)
    }

    @Test("Texts agree, and a probability is a pair's")
    func texts() throws {
        let (model, reference) = try load()
        let ids = try reference.integers("text_ids")
        let text = try model.prepare(ids: ids, players: [])
        let found = try model.texts([TextItem(text: text)], normalize: false)[0]
        #expect(try relativeError(found, reference.values("text")) < 1e-5)
        #expect(model.family.probability == .sigmoid)
        #expect(model.logitBias == -1.5)
        #expect(model.family.name == "siglip2")
        #expect(model.mostPatches == 15)
    }

    @Test("The position table is resized as PyTorch does with antialias", arguments: [(3, 5), (1, 15), (7, 2), (2, 2)])
    func positions(rows: Int, columns: Int) throws {
        let reference = try Reference(Self.fixture)
        let table = PositionTable(
            values: try reference.values("table"), grid: PatchGrid(rows: 4, columns: 4), columns: 1)
        let found = table.resized(to: PatchGrid(rows: rows, columns: columns))
        #expect(try relativeError(found, reference.values("table_\(rows)_\(columns)")) < 1e-6)
    }

    @Test("bf16 and 8-bit masks are close", arguments: [Precision.bf16, .int8])
    func precisions(precision: Precision) throws {
        let reference = try Reference(Self.fixture)
        let model = try LoadedModel.load(folder: Self.fixture.folder, precision: precision)
        let image = try prepared(1, model, reference)
        let masks = try reference.masks("image_masks_1")
        let found = try model.images(masks.map { ImageItem(image: image, presence: $0) }, normalize: false)
        #expect(try relativeError(found, reference.rows("image_masked_1")) < 0.03)
    }

    @Test("More grids than are kept change nothing")
    func manyGrids() throws {
        let (model, reference) = try load()
        let mask: [UInt8] = [0, 1]
        let pixels = try Array(reference.values("pixels_0").prefix(3 * 2 * 256))
        let first = try model.prepare(pixels: pixels, height: 32, width: 16)
        let before = try model.images([ImageItem(image: first, presence: mask)])
        for columns in 3...15 {
            _ = try model.prepare(
                pixels: [Float](repeating: 0, count: 3 * 256 * columns), height: 16, width: 16 * columns)
        }
        let again = try model.prepare(pixels: pixels, height: 32, width: 16)
        #expect(try model.images([ImageItem(image: again, presence: mask)]) == before)
    }

    @Test(
        "A picture of parts of patches, of none or of too many is refused with its size",
        arguments: [(16, 17), (0, 16), (16, 256), (64, 64), (8, 8)])
    func sizes(height: Int, width: Int) throws {
        let (model, _) = try load()
        let error = #expect(throws: EncodeError.self) {
            try model.prepare(
                pixels: [Float](repeating: 0, count: 3 * height * width), height: height, width: width)
        }
        #expect("\(error!)".contains("\(height) × \(width)"))
        #expect("\(error!)".contains("1 to 15 whole patches of 16 × 16"))
    }

    @Test(
        "A configuration or preprocessor of the other SigLIP gets one clear error",
        arguments: [
            ("config.json", "\"num_patches\": 16", "\"num_patches\": 15", "not a square number"),
            ("config.json", "\"model_type\": \"siglip2\"", "\"model_type\": \"siglip\"", "NaFlex"),
            ("preprocessor_config.json", "\"patch_size\": 16", "\"patch_size\": 14", "whole patches of 16 x 16"),
            (
                "preprocessor_config.json", "Siglip2ImageProcessor", "SiglipImageProcessor", "whole patches of 16 x 16"
            ),
            ("preprocessor_config.json", "\"do_resize\": true", "\"do_resize\": false", "do_resize"),
            ("preprocessor_config.json", "\"max_num_patches\": 15", "\"max_num_patches\": 0", "max_num_patches"),
        ])
    func halfAndHalf(file: String, from: String, to: String, says: String) throws {
        let folder = try TemporaryFolder(copying: Self.fixture.name)
        defer { withExtendedLifetime(folder) {} }
        let text = try String(contentsOfFile: "\(folder.path)/\(file)", encoding: .utf8)
        #expect(text.contains(from))
        try folder.write(file, text.replacingOccurrences(of: from, with: to))
        let problem = try #require(LoadedModel.problem(folder: folder.path))
        #expect("\(problem)".contains(folder.path) && "\(problem)".contains(says), "\(problem)")
    }
}
