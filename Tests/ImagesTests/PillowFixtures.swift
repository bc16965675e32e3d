import Foundation
import Images
import JSON

/// Pictures of every kind and what Pillow makes of them, written by `tools/fixtures/images.py`.
enum PillowFixtures {
    static let shared = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Fixtures").path
    static let folder = shared + "/images"

    static let expected: JSONValue = {
        do { return try JSONValue(contentsOf: folder + "/expected.json") } catch { fatalError("\(error)") }
    }()

    /// The encoded file of a name in `expected.json`.
    static func bytes(_ name: String) throws -> [UInt8] {
        let path = name == "scene.png" ? shared + "/" + name : folder + "/" + name
        return try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func image(_ name: String) throws -> DecodedImage {
        try ImageDecoder.decode(bytes(name), source: name)
    }

    static let decodeNames: [String] = expected["decode"]!.object!.keys.sorted()
    static func cases(_ kind: String) -> [JSONValue] { expected[kind]!.array! }
}

/// The CRC-32 of zlib and PNG (polynomial 0xEDB88320), as `expected.json` holds it.
func crc32(_ bytes: some Sequence<UInt8>) -> Int {
    var remainder: UInt32 = 0xFFFF_FFFF
    for byte in bytes { remainder = crcTable[Int(UInt8(truncatingIfNeeded: remainder) ^ byte)] ^ (remainder >> 8) }
    return Int(~remainder)
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}

extension PreprocessedImage {
    /// `[height, width, 3]` bytes of a picture that was neither rescaled nor normalised.
    var bytes: [UInt8] {
        let plane = width * height
        return (0..<plane).flatMap { pixel in (0..<3).map { UInt8(pixels[$0 * plane + pixel]) } }
    }
}
