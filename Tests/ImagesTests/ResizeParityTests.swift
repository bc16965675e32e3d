import Images
import JSON
import Testing

@Suite("Resizing gives Pillow's bytes exactly", .timeLimit(.minutes(10)))
struct ResizeParityTests {
    @Test("every filter, shrinking, enlarging and one axis only", arguments: PillowFixtures.cases("resize"))
    func resize(expected: JSONValue) throws {
        let width = try #require(expected["width"]?.int)
        let height = try #require(expected["height"]?.int)
        let filter = try #require(expected["resample"]?.int.flatMap(ResampleFilter.init(rawValue:)))
        let resizer = ImagePreprocessor(
            resize: .exact(height: height, width: width), filter: filter, rescaleFactor: nil, normalization: nil)
        let name = try #require(expected["image"]?.string)
        let made = try resizer.process(PillowFixtures.image(name))
        #expect((made.width, made.height) == (width, height))
        #expect(crc32(made.bytes) == expected["crc32"]?.int, "\(name) \(width)x\(height) \(filter)")
    }

    @Test("computing only the crop changes nothing", arguments: ResampleFilter.allCases)
    func cropOnly(filter: ResampleFilter) throws {
        let image = try PillowFixtures.image("scene.png")
        var whole = ImagePreprocessor(
            resize: .exact(height: 61, width: 97), filter: filter, rescaleFactor: nil, normalization: nil)
        let reference = whole.process(image)
        for (height, width) in [(1, 1), (20, 97), (61, 30), (33, 44), (60, 96)] {
            whole.crop = .init(height: height, width: width)
            let cropped = whole.process(image)
            let (top, left) = (cropped.geometry.cropTop, cropped.geometry.cropLeft)
            for channel in 0..<3 {
                for y in 0..<height {
                    let expected = reference.pixels.dropFirst((channel * 61 + top + y) * 97 + left).prefix(width)
                    let row = cropped.pixels.dropFirst((channel * height + y) * width).prefix(width)
                    #expect(row.elementsEqual(expected))
                }
            }
        }
    }
}
