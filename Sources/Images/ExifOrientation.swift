/// The EXIF orientation tag of an encoded file, 1 when there is none or it cannot be read.
///
/// Found in the `APP1` segment of a JPEG, the `eXIf` chunk of a PNG and the `EXIF` chunk of a WebP.
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
    func number(at offset: Int, size: Int) -> Int? {
        let start = tiff.startIndex + offset
        guard offset >= 0, start + size <= tiff.endIndex else { return nil }
        let digits = tiff[start..<start + size]
        return littleEndian
            ? digits.reversed().reduce(0) { $0 << 8 | Int($1) } : digits.reduce(0) { $0 << 8 | Int($1) }
    }
    guard number(at: 2, size: 2) == 42, let directory = number(at: 4, size: 4),
        let entries = number(at: directory, size: 2)
    else { return nil }
    let short = 3
    for entry in 0..<entries {
        let offset = directory + 2 + 12 * entry
        guard let tag = number(at: offset, size: 2) else { return nil }
        if tag == 0x0112 {
            guard number(at: offset + 2, size: 2) == short, number(at: offset + 4, size: 4) == 1 else { return nil }
            return number(at: offset + 8, size: 2)
        }
    }
    return nil
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

private func pngExif(_ bytes: [UInt8]) -> ArraySlice<UInt8>? {
    var position = 8
    while position + 12 <= bytes.count {
        let length = bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) }
        let start = position + 8
        guard start + length + 4 <= bytes.count else { return nil }
        if bytes[position + 4..<start].elementsEqual("eXIf".utf8) { return bytes[start..<start + length] }
        position = start + length + 4
    }
    return nil
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
