import Images
import Testing

@Suite("Writing pictures", .timeLimit(.minutes(10)))
struct ImageEncoderTests {
    private func picture(_ width: Int, _ height: Int) -> DecodedImage {
        var rgb: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                rgb += [UInt8(x * 255 / max(1, width - 1)), UInt8(y * 255 / max(1, height - 1)), UInt8((x ^ y) & 255)]
            }
        }
        return DecodedImage(width: width, height: height, rgb: rgb)
    }

    @Test("a PNG has every pixel", arguments: [(1, 1), (7, 3), (300, 200)])
    func png(width: Int, height: Int) throws {
        let image = picture(width, height)
        let decoded = try ImageDecoder.decode(try #require(ImageEncoder.encode(image, as: .png)))
        #expect(decoded.rgb == image.rgb && decoded.width == width && decoded.height == height)
    }

    @Test("a JPEG is near, and nearer with more quality")
    func jpeg() throws {
        var rgb: [UInt8] = []
        for pixel in 0..<64 * 48 { rgb += [UInt8(pixel % 64 * 4), UInt8(pixel / 64 * 5), 128] }
        let smooth = DecodedImage(width: 64, height: 48, rgb: rgb)
        func error(_ quality: Int) throws -> Int {
            let bytes = try #require(ImageEncoder.encode(smooth, as: .jpeg(quality: quality)))
            let decoded = try ImageDecoder.decode(bytes)
            #expect(decoded.width == 64 && decoded.height == 48 && decoded.format == .jpeg)
            return zip(decoded.rgb, smooth.rgb).map { abs(Int($0) - Int($1)) }.reduce(0, +)
        }
        let (fine, coarse) = (try error(95), try error(20))
        #expect(fine < coarse && fine < smooth.rgb.count * 4)
    }

    @Test("files hold the picture alone: no text, no EXIF, no profile")
    func nothingElse() throws {
        let image = picture(40, 30)
        let jpeg = try #require(ImageEncoder.encode(image, as: .jpeg(quality: 88)))
        var position = 2
        var markers: [UInt8] = []
        while position + 4 < jpeg.count, jpeg[position] == 0xFF, jpeg[position + 1] != 0xDA {
            markers.append(jpeg[position + 1])
            position += 2 + Int(jpeg[position + 2]) << 8 + Int(jpeg[position + 3])
        }
        // Start of frame and JFIF's header, but no APP1 (EXIF), APP2 (profiles), APP13 or comment.
        #expect(markers.contains(0xC0) && !markers.contains { (0xE1...0xEF).contains($0) || $0 == 0xFE })
        let png = try #require(ImageEncoder.encode(image, as: .png))
        var chunks: [String] = []
        position = 8
        while position + 8 <= png.count {
            let length = png[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
            chunks.append(String(decoding: png[position + 4..<position + 8], as: UTF8.self))
            position += 12 + length
        }
        #expect(Set(chunks).isSubset(of: ["IHDR", "sRGB", "gAMA", "cHRM", "IDAT", "IEND"]))
    }

    @Test("a picture is scaled by its longer side, and kept where it is small enough")
    func scaling() throws {
        #expect(picture(1000, 500).scaled(toFit: 100) {}.width == 100)
        let tall = picture(50, 4000).scaled(toFit: 100) {}
        #expect(tall.width == 1 && tall.height == 100)
        #expect(picture(80, 100).scaled(toFit: 100) {} == picture(80, 100))
        struct Stopped: Error {}
        #expect(throws: Stopped.self) {
            try picture(2000, 2000).scaled(toFit: 900) { () throws(Stopped) in throw Stopped() }
        }
    }
}
