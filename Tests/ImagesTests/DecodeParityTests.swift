import Images
import JSON
import Testing

@Suite("Decoding gives Pillow's RGB pixels", .timeLimit(.minutes(10)))
struct DecodeParityTests {
    @Test("size and pixels", arguments: PillowFixtures.decodeNames)
    func decode(name: String) throws {
        let expected = try #require(PillowFixtures.expected["decode"]?[name])
        let image = try PillowFixtures.image(name)
        #expect(image.width == expected["width"]?.int)
        #expect(image.height == expected["height"]?.int)
        guard let reference = expected["decoded"]?.string else {
            #expect(crc32(image.rgb) == expected["crc32"]?.int)
            return
        }
        // Lossy files: releases of libjpeg and libwebp may round differently, by one grey level at most.
        let decoded = try PillowFixtures.image(reference)
        #expect(crc32(decoded.rgb) == expected["crc32"]?.int)
        let difference = zip(image.rgb, decoded.rgb).map { abs(Int($0) - Int($1)) }.max()
        #expect(try #require(difference) <= 1)
    }

    @Test("alpha over a background equals Image.alpha_composite", arguments: PillowFixtures.decodeNames)
    func composite(name: String) throws {
        let expected = try #require(PillowFixtures.expected["decode"]?[name])
        let hex = try #require(PillowFixtures.expected["background"]?.string)
        let background = try #require(BackgroundColor(hex: hex))
        let bytes = try PillowFixtures.bytes(name)
        let image = try ImageDecoder.decode(bytes, background: background)
        if name == "lossy-alpha.webp" {
            #expect(image.rgb != (try PillowFixtures.image(name)).rgb)
        } else if let composited = expected["composited"]?.int {
            #expect(crc32(image.rgb) == composited)
        } else {
            #expect(image == (try PillowFixtures.image(name)))
        }
    }

    @Test("the header alone tells format, stored size, alpha and orientation")
    func header() throws {
        let turned = try ImageHeader(PillowFixtures.bytes("orientation-6.jpg"))
        #expect(turned.format == .jpeg)
        #expect((turned.storedWidth, turned.storedHeight) == (41, 27))
        #expect(turned.orientation == 6)
        let upright = try PillowFixtures.image("orientation-6.jpg")
        #expect((upright.width, upright.height, upright.orientationApplied) == (27, 41, 6))
        #expect(try ImageHeader(PillowFixtures.bytes("palette-4-transparent.png")).hasAlpha)
        #expect(try !ImageHeader(PillowFixtures.bytes("rgb-8.png")).hasAlpha)
        #expect(try ImageHeader(PillowFixtures.bytes("animated.webp")).isAnimated)
        #expect(try ImageHeader(PillowFixtures.bytes("lossless.webp")).format == .webp)
    }

    @Test("background colours are #rrggbb")
    func backgroundColors() {
        #expect(BackgroundColor(hex: "#0aFf10") == BackgroundColor(red: 10, green: 255, blue: 16))
        for wrong in ["0aff10", "#0aff1", "#0aff100", "#0aff1g", "#+aff10", "white", ""] {
            #expect(BackgroundColor(hex: wrong) == nil)
        }
    }
}
