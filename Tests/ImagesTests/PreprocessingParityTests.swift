import Images
import JSON
import Testing

@Suite("Preprocessing equals the reference processors", .timeLimit(.minutes(10)))
struct PreprocessingParityTests {
    @Test(
        "bytes before rescaling equal transformers' CLIP and SigLIP processors",
        arguments: PillowFixtures.cases("preprocess"))
    func bytes(expected: JSONValue) throws {
        let config = try #require(expected["config"])
        let preprocessor = try ImagePreprocessor(config: config, file: "test", family: .clip)
        let name = try #require(expected["image"]?.string)
        let made = try preprocessor.process(PillowFixtures.image(name))
        #expect(made.width == expected["width"]?.int)
        #expect(made.height == expected["height"]?.int)
        #expect(crc32(made.bytes) == expected["crc32"]?.int, "\(name)")
    }

    @Test(
        "pixels of scene.png match each model's expected.json",
        arguments: ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"])
    func modelPixels(model: String) throws {
        let folder = PillowFixtures.shared + "/" + model
        let expected = try #require(try JSONValue(contentsOf: folder + "/expected.json")["pixel_values"])
        let shape = try #require(expected["shape"]?.array).compactMap(\.int)
        let family: ImagePreprocessor.Family = model.hasPrefix("clip") ? .clip : .siglip
        let preprocessor = try ImagePreprocessor(folder: folder, family: family)
        try preprocessor.validate(height: shape[2], width: shape[3])
        let made = try preprocessor.process(PillowFixtures.image("scene.png"))
        #expect([1, 3, made.height, made.width] == shape)

        // The samples are every 7th row and every 5th column of each channel, the first 200 at most.
        let samples = try #require(expected["samples"]?.array).compactMap(\.double)
        let ours = (0..<3).flatMap { channel in
            stride(from: 0, to: made.height, by: 7).flatMap { row in
                stride(from: 0, to: made.width, by: 5).map {
                    made.pixels[(channel * made.height + row) * made.width + $0]
                }
            }
        }
        #expect(samples.count == min(ours.count, 200))
        let differences = zip(ours, samples).map { abs(Double($0) - $1) }
        #expect(try #require(differences.max()) < 0.016)
        #expect(differences.reduce(0, +) / Double(differences.count) < 1e-3)

        let values = made.pixels.map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        #expect(abs(mean - (try #require(expected["mean"]?.double))) < 1e-3)
        #expect(abs(variance.squareRoot() - (try #require(expected["std"]?.double))) < 1e-3)
    }

    @Test("values are (byte · factor − mean) / deviation, planes in the order R, G, B")
    func normalization() {
        let image = DecodedImage(width: 2, height: 1, rgb: [0, 51, 255, 102, 204, 153])
        let preprocessor = ImagePreprocessor(
            resize: .none, normalization: .init(mean: [0.5, 0, 0.25], deviation: [0.5, 1, 0.25]))
        let made = preprocessor.process(image)
        let expected: [Float] = [-1, -0.2, 0.2, 0.8, 3, 1.4]
        #expect(zip(made.pixels, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test("padding is zero bytes, so it is normalised too")
    func padding() {
        let image = DecodedImage(width: 1, height: 1, rgb: [255, 255, 255])
        let preprocessor = ImagePreprocessor(resize: .none, crop: .init(height: 3, width: 3), normalization: .half)
        let made = preprocessor.process(image)
        #expect(made.pixels[0..<9].elementsEqual([-1, -1, -1, -1, 1, -1, -1, -1, -1]))
    }
}
