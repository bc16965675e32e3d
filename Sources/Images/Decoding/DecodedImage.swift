/// The encoded formats that can be read.
package enum ImageFormat: String, Sendable, CaseIterable {
    case png = "PNG"
    case jpeg = "JPEG"
    case webp = "WebP"
    /// RGB8 bytes given as they are.
    case pixels
}

/// A picture in memory as a viewer shows it: 8-bit RGB, upright.
package struct DecodedImage: Sendable, Equatable {
    /// Pixels across, after the EXIF orientation was applied.
    package let width: Int
    /// Pixels down, after the EXIF orientation was applied.
    package let height: Int
    /// `[height, width, 3]`, rows from top to bottom without padding.
    package let rgb: [UInt8]
    package let format: ImageFormat
    /// The EXIF orientation (2…8) that was applied; 1 when there was nothing to do.
    package let orientationApplied: Int

    /// - Precondition: `rgb` holds `width · height · 3` bytes and neither side is zero.
    package init(width: Int, height: Int, rgb: [UInt8], format: ImageFormat = .pixels, orientationApplied: Int = 1) {
        precondition(width > 0 && height > 0 && rgb.count == width * height * 3, "RGB bytes do not fit the size")
        self.width = width
        self.height = height
        self.rgb = rgb
        self.format = format
        self.orientationApplied = orientationApplied
    }
}
