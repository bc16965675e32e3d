// Images: from whatever a client gives as a picture to the numbers that an image tower reads.

import CImageCodecs

/// Decodes PNG, JPEG and WebP to upright RGB8.
///
/// The result equals Pillow's `ImageOps.exif_transpose(Image.open(f)).convert("RGB")`: grey and palette pictures
/// become RGB, 16-bit grey is clipped to 255 while 16-bit colour keeps its high byte, CMYK is converted without
/// a colour profile, alpha is dropped unless a background is given, and of an animated WebP the first frame counts.
package enum ImageDecoder {
    /// Decodes a whole file held in memory.
    ///
    /// - Parameters:
    ///   - bytes: the encoded file.
    ///   - limits: checked against the header, before memory for the pixels is asked for.
    ///   - background: composites transparent pixels over this colour; nil drops the alpha channel.
    ///   - source: how error messages name the picture.
    package static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), background: BackgroundColor? = nil,
        source: String = "image"
    ) throws(ImageError) -> DecodedImage {
        let header = try checkedHeader(bytes, limits: limits, source: source)
        let image = try pixels(
            of: bytes, header: header, background: background, source: source, isCancelled: { false })
        guard let image else { preconditionFailure("decoding was cancelled by nobody") }
        return image
    }

    /// As ``decode(_:limits:background:source:)``, and ends soon after `isCancelled`, which is asked every few
    /// milliseconds, says so.
    ///
    /// - Throws: ``ImageError``, or `CancellationError`.
    package static func decode(
        _ bytes: [UInt8], limits: ImageLimits = ImageLimits(), background: BackgroundColor? = nil,
        source: String = "image", isCancelled: () -> Bool
    ) throws -> DecodedImage {
        let header = try checkedHeader(bytes, limits: limits, source: source)
        let image = try pixels(
            of: bytes, header: header, background: background, source: source, isCancelled: isCancelled)
        guard let image else { throw CancellationError() }
        return image
    }

    private static func checkedHeader(
        _ bytes: [UInt8], limits: ImageLimits, source: String
    ) throws(ImageError) -> ImageHeader {
        guard bytes.count <= limits.fileBytes else {
            throw .fileTooLarge(source: source, bytes: bytes.count, limit: limits.fileBytes)
        }
        let header = try ImageHeader(bytes, source: source)
        try limits.check(width: header.storedWidth, height: header.storedHeight, source: source)
        return header
    }

    /// The upright picture; nil where the work was cancelled.
    private static func pixels(
        of bytes: [UInt8], header: ImageHeader, background: BackgroundColor?, source: String, isCancelled: () -> Bool
    ) throws(ImageError) -> DecodedImage? {
        let opaque = background == nil || !header.hasAlpha
        guard
            var pixels = try decodeStored(
                bytes, header: header, channels: opaque ? 3 : 4, source: source, isCancelled: isCancelled)
        else { return nil }
        if let background, !opaque {
            guard let flat = composite(rgba: pixels, over: background, isCancelled: isCancelled) else { return nil }
            pixels = flat
        }
        return reorient(
            rgb: pixels, width: header.storedWidth, height: header.storedHeight, orientation: header.orientation,
            format: header.format, isCancelled: isCancelled)
    }

    /// The pixels as the file stores them, `[height, width, channels]`; nil where the work was cancelled.
    private static func decodeStored(
        _ bytes: [UInt8], header: ImageHeader, channels: Int, source: String, isCancelled: () -> Bool
    ) throws(ImageError) -> [UInt8]? {
        let capacity = header.storedWidth * header.storedHeight * channels
        var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_SIZE))
        var status: Int32 = 1
        let pixels = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, initialized in
            status = withPoll(isCancelled) { poll in
                withUnsafePointer(to: header.info) { info in
                    cic_decode(bytes, bytes.count, info, Int32(channels), buffer.baseAddress, capacity, poll, &message)
                }
            }
            initialized = status == 0 ? capacity : 0
        }
        if status == CIC_CANCELLED { return nil }
        guard status == 0 else { throw .unreadable(source: source, reason: text(of: message)) }
        return pixels
    }

    /// Lends `isCancelled` to the codecs.
    private static func withPoll<Result>(_ isCancelled: () -> Bool, _ body: (cic_poll) -> Result) -> Result {
        withoutActuallyEscaping(isCancelled) { isCancelled in
            var question = isCancelled
            return withUnsafeMutablePointer(to: &question) { pointer in
                body(
                    cic_poll(
                        is_cancelled: { context in
                            context?.assumingMemoryBound(to: (() -> Bool).self).pointee() == true ? 1 : 0
                        }, context: pointer))
            }
        }
    }
}

/// What the first bytes of a file say.
package struct ImageHeader: Sendable {
    package let format: ImageFormat
    /// Pixels across as stored, before the EXIF orientation is applied.
    package let storedWidth: Int
    /// Pixels down as stored, before the EXIF orientation is applied.
    package let storedHeight: Int
    /// Whether pixels can be transparent.
    package let hasAlpha: Bool
    /// Whether the file is an animation, of which only the first frame is decoded.
    package let isAnimated: Bool
    /// EXIF orientation 1…8; 1 when the file has none.
    package let orientation: Int

    let info: cic_info

    /// Reads the header of an encoded file without decoding it.
    package init(_ bytes: [UInt8], source: String = "image") throws(ImageError) {
        var info = cic_info()
        var message = [CChar](repeating: 0, count: Int(CIC_MESSAGE_SIZE))
        guard !bytes.isEmpty else { throw .unreadable(source: source, reason: "the file is empty") }
        guard cic_format(bytes, bytes.count) != Int32(CIC_FORMAT_NONE) else {
            throw .unreadable(source: source, reason: unsupportedFormatReason(bytes))
        }
        guard cic_probe(bytes, bytes.count, &info, &message) == 0 else {
            throw .unreadable(source: source, reason: text(of: message))
        }
        self.info = info
        format =
            switch Int(info.format) {
            case CIC_FORMAT_PNG: .png
            case CIC_FORMAT_JPEG: .jpeg
            default: .webp
            }
        storedWidth = Int(info.width)
        storedHeight = Int(info.height)
        hasAlpha = info.has_alpha != 0
        isAnimated = info.animated != 0
        orientation = exifOrientation(in: bytes, format: format)
    }
}

private func text(of message: [CChar]) -> String {
    String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
}

/// Names the format where its signature is well known, since users often have one of these.
private func unsupportedFormatReason(_ bytes: [UInt8]) -> String {
    let known: [(name: String, offset: Int, signature: [UInt8])] = [
        ("GIF", 0, Array("GIF8".utf8)), ("BMP", 0, Array("BM".utf8)),
        ("TIFF", 0, [0x49, 0x49, 0x2A, 0x00]), ("TIFF", 0, [0x4D, 0x4D, 0x00, 0x2A]),
        ("AVIF", 4, Array("ftypavif".utf8)), ("HEIC", 4, Array("ftyphei".utf8)), ("HEIF", 4, Array("ftypmif1".utf8)),
        ("JPEG XL", 0, [0xFF, 0x0A]), ("JPEG 2000", 4, Array("jP  ".utf8)), ("PDF", 0, Array("%PDF".utf8)),
        ("SVG", 0, Array("<svg".utf8)), ("XML or SVG", 0, Array("<?xml".utf8)),
    ]
    for format in known where bytes.dropFirst(format.offset).starts(with: format.signature) {
        return "\(format.name) is not supported; convert the picture to PNG, JPEG or WebP"
    }
    return "not a PNG, JPEG or WebP file"
}
