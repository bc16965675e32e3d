import CImageCodecs

/// The EXIF orientation tag of an encoded file, 1 when there is none or it cannot be read.
///
/// Found in the `APP1` segment of a JPEG, the `eXIf` chunk of a PNG, else its text chunk `Raw profile type exif`, and
/// the `EXIF` chunk of a WebP.
func exifOrientation(in bytes: [UInt8], format: ImageFormat) -> Int {
    let tiff: ArraySlice<UInt8>? =
        switch format {
        case .png: pngExif(bytes)
        case .jpeg: jpegExif(bytes)
        case .webp: webpExif(bytes)
        case .pixels: nil
        }
    guard let tiff, let orientation = tiffOrientation(skippingExifPrefix(tiff)), (2...8).contains(orientation) else {
        return 1
    }
    return orientation
}

private let exifPrefix: [UInt8] = Array("Exif\0\0".utf8)

private func skippingExifPrefix(_ data: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    data.starts(with: exifPrefix) ? data.dropFirst(exifPrefix.count) : data
}

/// Reads tag 0x0112 of the first image file directory (TIFF 6.0, section 2; Exif 2.3, section 4.6.4).
private func tiffOrientation(_ tiff: ArraySlice<UInt8>) -> Int? {
    let littleEndian: Bool
    if tiff.starts(with: Array("II".utf8)) {
        littleEndian = true
    } else if tiff.starts(with: Array("MM".utf8)) {
        littleEndian = false
    } else {
        return nil
    }
    /// The unsigned number of `size` bytes; of eight bytes the highest bit becomes the sign.
    func number(at offset: Int, size: Int) -> Int? {
        let start = tiff.startIndex + offset
        guard offset >= 0, offset <= tiff.count - size else { return nil }
        let digits = tiff[start..<start + size]
        return littleEndian
            ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(at: 2, size: 2) == 42, let directory = number(at: 4, size: 4),
        let entries = number(at: directory, size: 2)
    else { return nil }
    for entry in 0..<entries {
        let offset = directory + 2 + 12 * entry
        guard let tag = number(at: offset, size: 2) else { return nil }
        guard tag == 0x0112 else { continue }
        guard let type = number(at: offset + 2, size: 2).flatMap(TIFFNumber.init(rawValue:)),
            let count = number(at: offset + 4, size: 4), count > 0
        else { return nil }
        let isInline = type.size * count <= 4
        guard let start = isInline ? offset + 8 : number(at: offset + 8, size: 4),
            let bits = number(at: start, size: type.size)
        else { return nil }
        return type.wholeNumber(bits, littleEndian: littleEndian)
    }
    return nil
}

/// The types of TIFF 6.0 (section 2) and BigTIFF whose values are numbers. EXIF says that an orientation is a SHORT,
/// but programs write others, which Pillow reads too; it passes over BYTE, ASCII and UNDEFINED, which it takes for
/// text.
private enum TIFFNumber: Int {
    case short = 3
    case long, rational, signedByte
    case signedShort = 8
    case signedLong, signedRational, float, double, directory
    case long8 = 16

    /// Bytes of a value.
    var size: Int {
        switch self {
        case .signedByte: 1
        case .short, .signedShort: 2
        case .long, .signedLong, .float, .directory: 4
        case .rational, .signedRational, .double, .long8: 8
        }
    }

    /// The value with these bits, nil where it is not a whole number from 0 to 127.
    func wholeNumber(_ bits: Int, littleEndian: Bool) -> Int? {
        let value: Int?
        switch self {
        case .short, .long, .signedByte, .signedShort, .signedLong, .directory, .long8:
            value = bits
        case .rational, .signedRational:
            let high = Int(UInt64(bitPattern: Int64(bits)) >> 32)
            let low = bits & 0xFFFF_FFFF
            let (numerator, denominator) = littleEndian ? (low, high) : (high, low)
            value = denominator > 0 && numerator % denominator == 0 ? numerator / denominator : nil
        case .float:
            value = Int(exactly: Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double:
            value = Int(exactly: Double(bitPattern: UInt64(bitPattern: Int64(bits))))
        }
        return value.flatMap { (0..<128).contains($0) ? $0 : nil }
    }
}

/// The `Exif` APP1 segment, searched up to the start of the scan.
private func jpegExif(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 2
    while position + 4 <= bytes.count {
        guard bytes[position] == 0xFF else {
            position += 1
            continue
        }
        let marker = bytes[position + 1]
        if marker == 0xFF {  // fill byte
            position += 1
            continue
        }
        if marker == 0xDA || marker == 0xD9 { return nil }
        if marker == 0 || marker == 1 || (0xD0...0xD8).contains(marker) {  // no length follows
            position += 2
            continue
        }
        let end = position + 2 + (Int(bytes[position + 2]) << 8 | Int(bytes[position + 3]))
        guard end <= bytes.count, end >= position + 4 else { return nil }
        let content = bytes[position + 4..<end]
        if marker == 0xE1, content.starts(with: exifPrefix) { return content }
        position = end
    }
    return nil
}

/// The `eXIf` chunk; where there is none, the hexadecimal digits of the last text chunk `Raw profile type exif`, as
/// ImageMagick writes it. A chunk whose checksum is wrong is passed over, as all chunks are that a picture can do
/// without.
private func pngExif(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var rawProfile: ArraySlice<UInt8>?
    var position = 8
    while position + 12 <= bytes.count {
        let length = bigEndian(bytes[position..<position + 4])
        let start = position + 8
        guard start + length + 4 <= bytes.count else { break }
        let type = String(decoding: bytes[position + 4..<start], as: UTF8.self)
        let content = bytes[start..<start + length]
        if ["eXIf", "tEXt", "zTXt", "iTXt"].contains(type) {
            let checked = bytes[position + 4..<start + length]
            let checksum = checked.withUnsafeBufferPointer { cic_crc32($0.baseAddress, $0.count) }
            if Int(checksum) == bigEndian(bytes[start + length..<start + length + 4]) {
                if type == "eXIf" { return content }
                rawProfile = rawExifProfile(type: type, content) ?? rawProfile
            }
        }
        position = start + length + 4
    }
    return rawProfile
}

private func bigEndian(_ digits: ArraySlice<UInt8>) -> Int { digits.reduce(0) { $0 << 8 | Int($1) } }

private let rawProfileKeyword = Array("Raw profile type exif\0".utf8)
/// No EXIF block is longer: it has to fit into a segment of a JPEG file. Twice that in digits, and line breaks.
private let longestRawProfile = 3 << 16

/// The EXIF block in a text chunk (PNG specification, 11.3.3) that has the keyword for it; nil for any other chunk.
private func rawExifProfile(type: String, _ content: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    guard content.starts(with: rawProfileKeyword) else { return nil }
    var text = content.dropFirst(rawProfileKeyword.count)
    var isCompressed = type == "zTXt"
    if type == "iTXt" {
        isCompressed = text.first == 1
        // The flag, the method, the language and the translated keyword, the last two ended by zero bytes.
        text = text.dropFirst(2)
        for _ in 0..<2 { text = text.drop { $0 != 0 }.dropFirst() }
    } else if isCompressed {
        text = text.dropFirst()
    }
    if isCompressed {
        guard let inflated = inflate(text, limit: longestRawProfile) else { return nil }
        text = inflated[...]
    }
    guard text.count <= longestRawProfile else { return nil }
    // An empty line, the kind of profile and its length come first.
    let lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).dropFirst(3)
    var digits: [UInt8] = []
    for character in lines.joined() where !(0x09...0x0D).contains(character) && character != 0x20 {
        guard let digit = Character(UnicodeScalar(character)).hexDigitValue, character < 0x80 else { return nil }
        digits.append(UInt8(digit))
    }
    guard digits.count.isMultiple(of: 2) else { return nil }
    return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }[...]
}

/// Nil where `text` is not a valid zlib stream, or one of more than `limit` bytes.
private func inflate(_ text: ArraySlice<UInt8>, limit: Int) -> [UInt8]? {
    var status: Int32 = 1
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, initialized in
        status = text.withUnsafeBufferPointer {
            cic_inflate($0.baseAddress, $0.count, buffer.baseAddress, limit, &initialized)
        }
    }
    return status == 0 ? bytes : nil
}

private func webpExif(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 12
    while position + 8 <= bytes.count {
        let length = bytes[position + 4..<position + 8].reversed().reduce(0) { $0 << 8 | Int($1) }
        let start = position + 8
        guard start + length <= bytes.count else { return nil }
        if bytes[position..<position + 4].elementsEqual("EXIF".utf8) { return bytes[start..<start + length] }
        position = start + length + length % 2
    }
    return nil
}
