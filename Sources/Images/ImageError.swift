/// Why a picture could not be read.
public enum ImageError: Error, Equatable, CustomStringConvertible {
    /// The bytes, the file or the way they were given do not make a picture.
    case unreadable(source: String, reason: String)
    /// More pixels than ``ImageLimits/pixels``; found in the header, before anything was decoded.
    case tooLarge(source: String, width: Int, height: Int, limit: Int)
    /// More encoded bytes than ``ImageLimits/fileBytes``.
    case fileTooLarge(source: String, bytes: Int, limit: Int)
    /// A path that leads outside the folders given as image roots, or an address that is no local file.
    case pathNotAllowed(path: String, reason: String)

    /// The protocol's name of the error.
    public enum Kind: String, Sendable, CaseIterable {
        case imageUnreadable, imageTooLarge, pathNotAllowed
    }

    public var kind: Kind {
        switch self {
        case .unreadable: .imageUnreadable
        case .tooLarge, .fileTooLarge: .imageTooLarge
        case .pathNotAllowed: .pathNotAllowed
        }
    }

    public var description: String {
        switch self {
        case .unreadable(let source, let reason):
            "\(source): \(reason)"
        case .tooLarge(let source, let width, let height, let limit):
            "\(source): \(width) x \(height) pixels are more than the limit of \(limit); "
                + "send a smaller picture or raise the limit"
        case .fileTooLarge(let source, let bytes, let limit):
            "\(source): \(bytes) bytes are more than the limit of \(limit)"
        case .pathNotAllowed(let path, let reason):
            "\(path): \(reason)"
        }
    }
}

/// What a picture may cost.
public struct ImageLimits: Sendable, Equatable {
    /// Width × height, checked against the header before decoding. 64 megapixels (64,000,000) by default.
    public var pixels: Int
    /// Bytes of an encoded file read from disk. 256 MiB by default.
    public var fileBytes: Int

    public init(pixels: Int = 64_000_000, fileBytes: Int = 256 << 20) {
        self.pixels = pixels
        self.fileBytes = fileBytes
    }
}
