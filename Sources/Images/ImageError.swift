import ShownText

/// Why a picture could not be read.
package enum ImageError: Error, Equatable, CustomStringConvertible {
    /// The bytes, the file or the way they were given do not make a picture.
    case unreadable(source: String, reason: String)
    /// More pixels than ``ImageLimits/pixels``; found in the header, before anything was decoded.
    case tooLarge(source: String, width: Int, height: Int, limit: Int)
    /// One side is more than ``ImageLimits/aspectRatio`` times the other; found in the header, too.
    case tooElongated(source: String, width: Int, height: Int, limit: Int)
    /// More encoded bytes than ``ImageLimits/fileBytes``.
    case fileTooLarge(source: String, bytes: Int, limit: Int)
    /// A path that leads outside the folders given as image roots, or an address that is not a local file.
    case pathNotAllowed(path: String, reason: String)

    /// The protocol's name of the error.
    package enum Kind: String, Sendable, CaseIterable {
        case imageUnreadable, imageTooLarge, pathNotAllowed
    }

    package var kind: Kind {
        switch self {
        case .unreadable: .imageUnreadable
        case .tooLarge, .tooElongated, .fileTooLarge: .imageTooLarge
        case .pathNotAllowed: .pathNotAllowed
        }
    }

    package var description: String {
        switch self {
        case .unreadable(let source, let reason):
            "\(source.shown): \(reason)"
        case .tooLarge(let source, let width, let height, let limit):
            "\(source.shown): \(width) x \(height) pixels are more than the limit of \(limit); "
                + "send a smaller picture or raise the limit"
        case .tooElongated(let source, let width, let height, let limit):
            "\(source.shown): of its \(width) x \(height) pixels one side is more than \(limit) times the other; "
                + "send a part of it"
        case .fileTooLarge(let source, let bytes, let limit):
            "\(source.shown): \(bytes) bytes are more than the limit of \(limit)"
        case .pathNotAllowed(let path, let reason):
            "\(path.shown): \(reason)"
        }
    }
}

/// What a picture may cost.
package struct ImageLimits: Sendable, Equatable {
    /// Width × height, checked against the header before decoding. 64 megapixels (64,000,000) by default.
    package var pixels: Int
    /// Bytes of an encoded file read from disk. 256 MiB by default.
    package var fileBytes: Int

    /// How many times as long as the other one side may be. 65,536 by default: with it, and the limit of pixels, no
    /// picture that is enlarged across and shrunk along takes much more work than one of the usual shape.
    package var aspectRatio: Int

    package init(pixels: Int = 64_000_000, fileBytes: Int = 256 << 20, aspectRatio: Int = 1 << 16) {
        self.pixels = pixels
        self.fileBytes = fileBytes
        self.aspectRatio = aspectRatio
    }

    /// - Throws: ``ImageError/tooLarge(source:width:height:limit:)``,
    ///   ``ImageError/tooElongated(source:width:height:limit:)``.
    func check(width: Int, height: Int, source: String) throws(ImageError) {
        let (area, overflow) = width.multipliedReportingOverflow(by: height)
        guard !overflow, area <= pixels else {
            throw .tooLarge(source: source, width: width, height: height, limit: pixels)
        }
        guard (max(width, height) - 1) / aspectRatio < min(width, height) else {
            throw .tooElongated(source: source, width: width, height: height, limit: aspectRatio)
        }
    }
}
