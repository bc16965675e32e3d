import Foundation
import PercentEncoding
import ShownText
import SystemPackage

/// One picture as a request gives it, not yet read.
///
/// Each form of the protocol's image parameter has a maker here that takes the values already taken out of the
/// JSON; ``load(roots:limits:background:)`` then reads and decodes.
package enum ImageSource: Sendable, Equatable {
    case path(FilePath)
    /// An encoded file held in memory.
    case encoded([UInt8])
    /// `[height, width, 3]` bytes as they are.
    case pixels([UInt8], width: Int, height: Int)

    /// A bare string: a `data:` URI, a `file:` URI or a path.
    package init(string: String) throws(ImageError) {
        switch scheme(of: string) {
        case "data": self = try .init(dataURI: string)
        case nil: self = try .init(path: string)
        default: self = try .init(uri: string)
        }
    }

    /// A path in the daemon's file system.
    package init(path: String) throws(ImageError) { try self.init(path: Array(path.utf8), source: path) }

    private init(path: [UInt8], source: String) throws(ImageError) {
        guard !path.isEmpty else { throw .unreadable(source: "path", reason: "the path is empty") }
        guard !path.contains(0) else { throw .unreadable(source: "path", reason: "the path holds a zero byte") }
        guard path.count < PATH_MAX else {
            throw .unreadable(
                source: source,
                reason: "no path has \(path.count) bytes; a picture's own bytes go in base64 as {\"data\": …} or a "
                    + "data: URI")
        }
        self = .path(FilePath(platformString: path.map { CChar(bitPattern: $0) } + [0]))
    }

    /// An encoded file in base64, standard alphabet, white space allowed.
    package init(base64: String) throws(ImageError) {
        self = .encoded(try bytes(ofBase64: Array(base64.utf8), source: "data"))
    }

    /// `data:[image/png|image/jpeg|image/webp];base64,…` (RFC 2397). What the bytes are decides, not the type.
    package init(dataURI: String) throws(ImageError) {
        let text = dataURI.utf8
        guard scheme(of: dataURI) == "data", let comma = text.firstIndex(of: UInt8(ascii: ",")) else {
            throw .unreadable(source: "data URI", reason: "\"data:\", a type, \";base64,\" and the data are needed")
        }
        let header = String(dataURI[..<comma].dropFirst("data:".count)).lowercased()
        let parts = header.split(separator: ";", omittingEmptySubsequences: false)
        let type = parts.first.map(String.init) ?? ""
        let readable = [
            "image/png", "image/jpeg", "image/jpg", "image/webp", "image/apng", "application/octet-stream", "",
        ]
        guard readable.contains(type) else {
            throw .unreadable(
                source: "data URI", reason: "\"\(type)\" is not supported; send image/png, image/jpeg or image/webp")
        }
        guard parts.last == "base64" else {
            throw .unreadable(source: "data URI", reason: "only base64 data is supported (\"data:image/png;base64,…\")")
        }
        let data = Array(text[text.index(after: comma)...])
        guard data.contains(UInt8(ascii: "%")) else {
            self = .encoded(try bytes(ofBase64: data, source: "data URI"))
            return
        }
        let plain = PercentEncoding.decoded(data)
        guard plain.isWellFormed else {
            throw .unreadable(source: "data URI", reason: "a \"%\" is not followed by two hexadecimal digits")
        }
        self = .encoded(try bytes(ofBase64: plain.bytes, source: "data URI"))
    }

    /// `file:///path` or `file://localhost/path` (RFC 8089), percent-decoded; also a `data:` URI.
    /// No other address is followed.
    package init(uri: String) throws(ImageError) {
        guard let scheme = scheme(of: uri) else {
            throw .unreadable(
                source: uri, reason: "a URI begins with \"file://\" or \"data:\"; give a plain path as \"path\"")
        }
        if scheme == "data" {
            self = try .init(dataURI: uri)
            return
        }
        guard scheme == "file" else {
            throw .pathNotAllowed(
                path: uri, reason: "\"\(scheme):\" addresses are not followed; download the picture and give its path")
        }
        // Bytes, since what a path holds need not be text.
        var rest = uri.utf8.dropFirst("file:".utf8.count)
        let slash = UInt8(ascii: "/")
        if rest.starts(with: [slash, slash]) {
            rest = rest.dropFirst(2)
            let host = String(Substring(rest.prefix { $0 != slash }))
            guard host.isEmpty || host.lowercased() == "localhost" else {
                throw .pathNotAllowed(
                    path: uri, reason: "\"\(host.shown)\" is another machine; only local files are read")
            }
            rest = rest.dropFirst(host.utf8.count)
        }
        guard rest.first == slash else {
            throw .unreadable(source: uri, reason: "a file URI needs an absolute path (file:///home/me/picture.png)")
        }
        let path = PercentEncoding.decoded(rest.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
        guard path.isWellFormed else {
            throw .unreadable(source: uri, reason: "a \"%\" is not followed by two hexadecimal digits")
        }
        try self.init(path: path.bytes, source: uri)
    }

    /// RGB8 bytes in base64, rows from top to bottom without padding.
    package init(
        pixels: String, width: Int, height: Int, limits: ImageLimits = ImageLimits()
    ) throws(ImageError) {
        guard width > 0, height > 0 else {
            throw .unreadable(source: "pixels", reason: "width and height must be positive, not \(width) x \(height)")
        }
        try limits.check(width: width, height: height, source: "pixels")
        let area = width * height
        guard area <= Int.max / 3 else {
            throw .tooLarge(source: "pixels", width: width, height: height, limit: limits.pixels)
        }
        let rgb = try bytes(ofBase64: Array(pixels.utf8), source: "pixels")
        guard rgb.count == 3 * area else {
            throw .unreadable(
                source: "pixels",
                reason: "\(width) x \(height) RGB8 pixels are \(3 * area) bytes, but \(rgb.count) were given")
        }
        self = .pixels(rgb, width: width, height: height)
    }

    /// Reads and decodes the picture on the calling thread.
    ///
    /// - Parameter roots: confines ``path(_:)``; the other forms touch no file.
    package func load(
        roots: ImageRoots = .anywhere, limits: ImageLimits = ImageLimits(), background: BackgroundColor? = nil
    ) throws(ImageError) -> DecodedImage {
        switch self {
        case .path(let path):
            let bytes = try roots.read(path, limit: limits.fileBytes)
            return try ImageDecoder.decode(bytes, limits: limits, background: background, source: path.shown)
        case .encoded(let bytes):
            return try ImageDecoder.decode(bytes, limits: limits, background: background, source: "data")
        case .pixels(let rgb, let width, let height):
            guard width > 0, height > 0 else {
                throw .unreadable(source: "pixels", reason: "\(width) x \(height) is not a size")
            }
            try limits.check(width: width, height: height, source: "pixels")
            guard rgb.count / 3 == width * height, rgb.count % 3 == 0 else {
                throw .unreadable(
                    source: "pixels", reason: "\(rgb.count) bytes are not \(width) x \(height) RGB8 pixels")
            }
            return DecodedImage(width: width, height: height, rgb: rgb)
        }
    }
}

/// The lower-case scheme of a URI (RFC 3986, section 3.1), nil for what is a path. A single letter is not a scheme.
private func scheme(of text: String) -> String? {
    guard let colon = text.utf8.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = text[..<colon]
    let rest = text[text.utf8.index(after: colon)...]
    guard name.utf8.count > 1, let first = name.unicodeScalars.first, first.isASCII, first.properties.isAlphabetic,
        name.utf8.allSatisfy({
            let character = Character(UnicodeScalar($0))
            return $0 < 0x80 && (character.isLetter || character.isNumber || "+-.".utf8.contains($0))
        })
    else { return nil }
    let lower = name.lowercased()
    return lower == "data" || lower == "file" || rest.hasPrefix("//") ? lower : nil
}

private func bytes(ofBase64 text: [UInt8], source: String) throws(ImageError) -> [UInt8] {
    switch text.withUnsafeBufferPointer(decodeBase64) {
    case .success(let bytes): return bytes
    case .failure(let problem): throw .unreadable(source: source, reason: "not base64: \(problem.reason)")
    }
}
