import Foundation

enum Base64 {
    static func encode(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }
}

/// PNG files without compression (ISO/IEC 15948; deflate "stored" blocks of RFC 1951), for a few thousand pixels.
enum StoredPNG {
    static func encode(_ cells: Picture.ColorCells) -> [UInt8] {
        var rows: [UInt8] = []
        let stride = cells.columns * 3
        for row in 0..<cells.rows {
            rows.append(0)
            rows += cells.rgb[row * stride..<(row + 1) * stride]
        }
        return file(columns: cells.columns, rows: cells.rows, colorType: 2, rows: rows)
    }

    /// - Parameter grey: `[rows, columns]`.
    static func encode(grey: [UInt8], columns: Int, rows: Int) -> [UInt8] {
        let filtered = (0..<rows).flatMap { [0] + grey[$0 * columns..<($0 + 1) * columns] }
        return file(columns: columns, rows: rows, colorType: 0, rows: filtered)
    }

    /// - Parameter content: each row after its filter's number, 0.
    private static func file(columns: Int, rows: Int, colorType: UInt8, rows content: [UInt8]) -> [UInt8] {
        let header = bigEndian(UInt32(columns)) + bigEndian(UInt32(rows)) + [8, colorType, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
            + chunk("IHDR", header) + chunk("IDAT", zlib(content)) + chunk("IEND", [])
    }

    private static func zlib(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let length = UInt16(end - start)
            result.append(end == bytes.count ? 1 : 0)
            for value in [length, ~length] { result += [UInt8(value & 0xFF), UInt8(value >> 8)] }
            result += bytes[start..<end]
            start = end
        } while start < bytes.count
        return result + bigEndian(adler32(bytes))
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(type.utf8) + content
        return bigEndian(UInt32(content.count)) + body + bigEndian(crc32(body))
    }

    private static func adler32(_ bytes: [UInt8]) -> UInt32 {
        var (a, b): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            a = (a + UInt32(byte)) % 65_521
            b = (b + a) % 65_521
        }
        return b << 16 | a
    }

    private static func crc32(_ bytes: [UInt8]) -> UInt32 {
        ~bytes.reduce(~0) { crc, byte in
            (0..<8).reduce(crc ^ UInt32(byte)) { value, _ in value & 1 == 1 ? value >> 1 ^ 0xEDB8_8320 : value >> 1 }
        }
    }

    private static func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> UInt32($0)) }
    }
}
