import Images
import TestSupport
import Testing

@Suite("Damaged files", .timeLimit(.minutes(10)))
struct DamagedFileTests {
    static let samples = [
        "rgb-8.png", "rgb-8-interlaced.png", "palette-4-transparent.png", "rgba-16.png", "orientation-6.png",
        "rgb-420.jpg", "progressive.jpg", "cmyk.jpg", "optimized-restart.jpg", "orientation-6.jpg",
        "lossy.webp", "lossless.webp", "lossy-alpha.webp", "animated.webp", "orientation-8.webp",
    ]
    let background = BackgroundColor(red: 1, green: 2, blue: 3)

    /// A picture of at most the limit, or an error: whatever the bytes are.
    private func decodeAnything(_ bytes: [UInt8]) {
        do {
            let image = try ImageDecoder.decode(bytes, limits: ImageLimits(pixels: 100_000), background: background)
            #expect(image.rgb.count == image.width * image.height * 3)
        } catch {
            #expect(!error.description.isEmpty)
        }
    }

    @Test("any byte changed gives a picture or an error, never a crash", arguments: samples)
    func flippedBytes(name: String) throws {
        let whole = try PillowFixtures.bytes(name)
        for position in whole.indices {
            for change: UInt8 in [0xFF, 0x01, 0x80] {
                var bytes = whole
                bytes[position] ^= change
                decodeAnything(bytes)
            }
        }
    }

    @Test("many bytes changed at random give a picture or an error", arguments: samples)
    func randomDamage(name: String) throws {
        let whole = try PillowFixtures.bytes(name)
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<200 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...20, using: &generator) {
                bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            decodeAnything(bytes)
        }
    }

    @Test("a file cut anywhere before its last pixels is an error", arguments: samples)
    func truncation(name: String) throws {
        let whole = try PillowFixtures.bytes(name)
        // What follows a PNG's pixels (checksums, IEND), a WebP's first frame or an EXIF chunk at the end may be
        // missing; the first two thirds may not.
        let needed = name == "animated.webp" ? whole.count / 4 : whole.count * 2 / 3
        for length in 0..<needed {
            #expect(throws: ImageError.self) { try ImageDecoder.decode(Array(whole.prefix(length))) }
        }
        for length in needed..<whole.count { decodeAnything(Array(whole.prefix(length))) }
    }

    @Test("a JPEG without its end marker is truncated, as Pillow says")
    func jpegWithoutEnd() throws {
        for name in ["rgb-444.jpg", "progressive.jpg", "grey.jpg"] {
            let whole = try PillowFixtures.bytes(name)
            #expect(throws: ImageError.self) { try ImageDecoder.decode(Array(whole.dropLast(2))) }
        }
    }

    @Test("a wrong checksum counts where the picture hangs on it: elsewhere the chunk is passed over")
    func pngChecksums() throws {
        func withWrongChecksum(_ type: String, in name: String) throws -> [UInt8] {
            var bytes = try PillowFixtures.bytes(name)
            let place = try #require(bytes.firstRange(of: Array(type.utf8))).lowerBound
            let length = bytes[place - 4..<place].reduce(0) { $0 << 8 | Int($1) }
            bytes[place + 4 + length] ^= 1
            return bytes
        }
        for type in ["IHDR", "IDAT"] {
            let bytes = try withWrongChecksum(type, in: "rgb-8.png")
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
            #expect(error?.description.contains("CRC error") == true)
        }
        let damaged = try ImageDecoder.decode(withWrongChecksum("gAMA", in: "gamma-and-profile.png"))
        #expect(damaged == (try PillowFixtures.image("gamma-and-profile.png")))
        for (type, name) in [("eXIf", "exif-long.png"), ("tEXt", "raw-profile-text.png")] {
            #expect(try PillowFixtures.image(name).orientationApplied == 6)
            #expect(try ImageDecoder.decode(withWrongChecksum(type, in: name)).orientationApplied == 1)
        }
    }

    @Test("a picture of one long line is refused by its header")
    func aspectRatio() throws {
        var bytes = try PillowFixtures.bytes("rgb-8.png")
        func header(_ width: UInt32, _ height: UInt32) -> [UInt8] {
            bytes.replaceSubrange(16..<24, with: bigEndian(width) + bigEndian(height))
            bytes.replaceSubrange(29..<33, with: bigEndian(UInt32(crc32(bytes[12..<29]))))
            return bytes
        }
        for (width, height) in [(1, 64_000_000), (64_000_000, 1), (1, 65_537), (3, 196_609)] {
            let file = header(UInt32(width), UInt32(height))
            #expect(throws: ImageError.tooElongated(source: "image", width: width, height: height, limit: 65_536)) {
                try ImageDecoder.decode(file)
            }
            #expect(throws: ImageError.tooElongated(source: "pixels", width: width, height: height, limit: 65_536)) {
                try ImageSource(pixels: "", width: width, height: height)
            }
        }
        // At the limit it is judged by its data.
        for (width, height) in [(1, 65_536), (65_536, 1), (3, 196_608)] {
            let file = header(UInt32(width), UInt32(height))
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(file) }
            #expect(error?.kind == .imageUnreadable)
        }
    }

    @Test("the pixel limit is checked against the header, so a bomb is refused before it is decoded")
    func pixelLimit() throws {
        let small = try PillowFixtures.bytes("rgb-8.png")
        #expect(throws: ImageError.tooLarge(source: "bomb.png", width: 37, height: 29, limit: 1072)) {
            try ImageDecoder.decode(small, limits: ImageLimits(pixels: 1072), source: "bomb.png")
        }
        #expect(try ImageDecoder.decode(small, limits: ImageLimits(pixels: 1073)).width == 37)
        for name in ["rgb-420.jpg", "lossy.webp", "lossless.webp", "animated.webp"] {
            let bytes = try PillowFixtures.bytes(name)
            let error = #expect(throws: ImageError.self) {
                try ImageDecoder.decode(bytes, limits: ImageLimits(pixels: 1000))
            }
            #expect(error?.kind == .imageTooLarge)
        }
        #expect(throws: ImageError.fileTooLarge(source: "image", bytes: small.count, limit: 10)) {
            try ImageDecoder.decode(small, limits: ImageLimits(fileBytes: 10))
        }
    }

    @Test("a PNG that claims a size its data cannot fill is an error")
    func lyingHeader() throws {
        var bytes = try PillowFixtures.bytes("rgb-8.png")
        for (width, height) in [
            (UInt32(6000), UInt32(6000)), (37, 30), (60_000, 60_000), (0, 29), (0x7FFF_FFFF, 0x7FFF_FFFF),
        ] {
            bytes.replaceSubrange(16..<24, with: bigEndian(width) + bigEndian(height))
            let checksum = UInt32(crc32(bytes[12..<29]))
            bytes.replaceSubrange(29..<33, with: bigEndian(checksum))
            #expect(throws: ImageError.self, "\(width) x \(height)") { try ImageDecoder.decode(bytes) }
        }
    }

    @Test("a WebP that lies about its size is an error")
    func lyingWebP() throws {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        // Where the two dimensions stand: in the frame of a simple file, less one in the canvas of an extended one.
        let cases: [(name: String, offset: Int, width: [UInt8], height: [UInt8])] = [
            ("lossy.webp", 26, little(7000, 2), little(7000, 2)),
            ("lossy.webp", 26, little(0x3FFF, 2), little(0x3FFF, 2)),
            ("lossy-alpha.webp", 24, little(6999, 3), little(6999, 3)),
            ("lossy-alpha.webp", 24, little(0xFF_FFFF, 3), little(0xFF_FFFF, 3)),
            ("lossy-alpha.webp", 24, little(3, 3), little(3, 3)),
        ]
        for (name, offset, width, height) in cases {
            var bytes = try PillowFixtures.bytes(name)
            bytes.replaceSubrange(offset..<offset + width.count + height.count, with: width + height)
            #expect(throws: ImageError.self, "\(name), \(width) x \(height)") { try ImageDecoder.decode(bytes) }
        }
        var longer = try PillowFixtures.bytes("lossless.webp")
        longer.replaceSubrange(4..<8, with: little(1 << 30, 4))
        #expect(throws: ImageError.self) { try ImageDecoder.decode(longer) }
    }

    @Test("a PNG with far more data than its one pixel needs is refused")
    func oversizedData() throws {
        func chunk(_ kind: String, _ data: [UInt8]) -> [UInt8] {
            let body = Array(kind.utf8) + data
            return bigEndian(UInt32(data.count)) + body + bigEndian(UInt32(crc32(body)))
        }
        // Stored deflate blocks of zeros; the first four bytes are the only row.
        let block: [UInt8] = [0, 0xFF, 0xFF, 0, 0] + [UInt8](repeating: 0, count: 65535)
        func file(blocks: Int) -> [UInt8] {
            let end = [1, 0, 0, 0xFF, 0xFF] + bigEndian(UInt32(blocks * 65535 % 65521) << 16 | 1)  // Adler-32 of zeros
            let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            return signature + chunk("IHDR", bigEndian(1) + bigEndian(1) + [8, 2, 0, 0, 0])
                + chunk("IDAT", [0x78, 0x01] + (0..<blocks).flatMap { _ in block } + end) + chunk("IEND", [])
        }
        #expect(try ImageDecoder.decode(file(blocks: 2)).rgb == [0, 0, 0])
        let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(file(blocks: 30)) }
        #expect(error?.description.contains("far more image data") == true)
    }

    @Test("a JPEG with hundreds of scans is refused")
    func manyScans() throws {
        let whole = try PillowFixtures.bytes("progressive.jpg")
        let lastScan = try #require(whole.indices.dropLast().last { whole[$0] == 0xFF && whole[$0 + 1] == 0xDA })
        let scan = Array(whole[lastScan..<whole.count - 2])
        func file(repeats: Int) -> [UInt8] {
            Array(whole.dropLast(2)) + (0..<repeats).flatMap { _ in scan } + [0xFF, 0xD9]
        }
        #expect(try ImageDecoder.decode(file(repeats: 20)).width == 41)
        let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(file(repeats: 200)) }
        #expect(error?.description.contains("more than 100 scans") == true)
    }

    private func bigEndian(_ number: UInt32) -> [UInt8] {
        stride(from: 24, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt32($0)) }
    }

    @Test("other formats are named in the error")
    func otherFormats() {
        func reason(_ bytes: [UInt8]) -> String {
            do { return try "\(ImageDecoder.decode(bytes, source: "x"))" } catch { return error.description }
        }
        #expect(reason(Array("GIF89a".utf8)) == "x: GIF is not supported; convert the picture to PNG, JPEG or WebP")
        #expect(reason([0, 0, 0, 32] + Array("ftypavif".utf8)).contains("AVIF"))
        #expect(reason(Array("hello, world".utf8)) == "x: not a PNG, JPEG or WebP file")
        #expect(reason([]) == "x: the file is empty")
    }
}
