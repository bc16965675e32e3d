import CImageCodecs

/// Writes pictures as files that hold nothing but the picture: no EXIF, no colour profile, no text.
package enum ImageEncoder {
    package enum Format: Sendable, Equatable {
        case png
        /// `quality` from 1 to 100, as libjpeg has it.
        case jpeg(quality: Int)
    }

    /// The encoded file; nil where the codec has no memory for it, or a JPEG is more than 65,500 pixels long.
    package static func encode(_ image: DecodedImage, as format: Format) -> [UInt8]? {
        let (kind, quality) =
            switch format {
            case .png: (CIC_FORMAT_PNG, 0)
            case .jpeg(let quality): (CIC_FORMAT_JPEG, quality)
            }
        var bytes: UnsafeMutablePointer<UInt8>?
        var count = 0
        let status = cic_encode(
            Int32(kind), image.rgb, UInt32(image.width), UInt32(image.height), Int32(quality), &bytes, &count)
        defer { cic_free(bytes) }
        guard status == 0, let bytes else { return nil }
        return Array(UnsafeBufferPointer(start: bytes, count: count))
    }
}

extension DecodedImage {
    /// The picture with its longer side at most `longest` pixels; itself where it is small enough.
    /// - Throws: what `checkpoint`, called every few milliseconds, throws.
    package func scaled<Failure: Error>(
        toFit longest: Int, checkpoint: () throws(Failure) -> Void
    ) throws(Failure) -> DecodedImage {
        let scale = Double(longest) / Double(max(width, height))
        guard scale < 1 else { return self }
        let columns = max(1, Int((Double(width) * scale).rounded()))
        let rows = max(1, Int((Double(height) * scale).rounded()))
        let bytes = try resample(
            rgb: rgb, width: width, height: height, outputWidth: columns, outputHeight: rows, filter: .bicubic,
            window: PixelWindow(columns: 0..<columns, rows: 0..<rows), checkpoint: checkpoint)
        return DecodedImage(width: columns, height: rows, rgb: bytes, format: format)
    }
}
