import Digests
import Encoders
import Foundation
import Images
import Rendering
import SystemPackage

/// An image as a client gives it.
struct GivenImage: Sendable {
    enum Source: Sendable {
        /// A path, or a `data:` or `file:` URI.
        case text(String)
        case path(String)
        /// A PNG, JPEG or WebP file in base64.
        case data(String)
        case uri(String)
        /// Base64 of `3·width·height` bytes, RGB, rows from the top.
        case pixels(String, width: Int, height: Int)
    }

    var source: Source
    /// `#rrggbb` to lay under transparent pixels.
    var background: String?
}

/// An image as a client gave it, decoded.
struct LoadedImage: Sendable {
    /// The file's name, or a word for what was given.
    let name: String
    let decoded: DecodedImage

    var width: Int { decoded.width }
    var height: Int { decoded.height }
}

/// What an open explanation keeps of its picture: enough to draw it, without its pixels.
struct KeptPicture: Sendable {
    let name: String
    let width: Int
    let height: Int
    /// What drawings embed: the picture at the size it is shown in, without anything that its file said beside it. Nil
    /// where there was no memory to make it.
    let file: (bytes: [UInt8], mimeType: String)?
    let cells: Picture.ColorCells

    /// - Throws: `CancellationError`.
    init(_ image: LoadedImage, _ turn: WorkTurn) throws {
        name = image.name
        width = image.width
        height = image.height
        file = try image.embedded(turn)
        cells = image.cells
    }

    /// Memory held.
    var bytes: Int { (file?.bytes.count ?? 0) + cells.rgb.count }

    /// Whether another picture looks the same, whatever file it came from, as far as its small version tells.
    func shows(_ other: KeptPicture) -> Bool { (width, height) == (other.width, other.height) && cells == other.cells }
}

/// Reads and decodes images of requests, within the daemon's roots and limits. Blocks: not for the cooperative pool.
package struct ImageLoader: Sendable {
    private let roots: ImageRoots
    private let limits: ImageLimits

    /// - Parameters:
    ///   - folders: images must lie inside one of them; none means anywhere.
    ///   - maximumPixels: of an image.
    /// - Throws: `ApplicationError` of kind `pathNotAllowed` for a root that is no folder.
    package init(roots folders: [String], maximumPixels: Int) throws {
        do throws(ImageError) {
            roots = try ImageRoots(folders)
        } catch {
            throw ApplicationError(error)
        }
        limits = ImageLimits(pixels: maximumPixels)
    }

    /// - Throws: `ApplicationError` of kind `imageUnreadable`, `imageTooLarge` or `pathNotAllowed`;
    ///   `CancellationError`.
    func load(_ input: GivenImage, _ turn: WorkTurn) throws -> LoadedImage {
        try turn.check()
        do {
            let background = try background(of: input)
            return try load(try source(of: input), background, turn)
        } catch let error as ImageError {
            throw ApplicationError(error)
        }
    }

    /// Whether a file, and no folder, is at a path that pictures may be read from.
    func mayRead(_ path: String) -> Bool {
        guard let real = try? roots.resolve(FilePath(path)) else { return false }
        var status = stat()
        return real.withPlatformString { stat($0, &status) } == 0 && status.st_mode & S_IFMT != S_IFDIR
    }

    private func background(of input: GivenImage) throws(ImageError) -> BackgroundColor? {
        guard let text = input.background else { return nil }
        guard let color = BackgroundColor(hex: text) else {
            throw .unreadable(source: "background", reason: "'\(text)' is not a colour such as \"#ffffff\"")
        }
        return color
    }

    private func source(of input: GivenImage) throws(ImageError) -> ImageSource {
        switch input.source {
        case .text(let text): try ImageSource(string: text)
        case .path(let path): try ImageSource(path: path)
        case .data(let text): try ImageSource(base64: text)
        case .uri(let uri): try ImageSource(uri: uri)
        case .pixels(let text, let width, let height):
            try ImageSource(pixels: text, width: width, height: height, limits: limits)
        }
    }

    private func load(
        _ source: ImageSource, _ background: BackgroundColor?, _ turn: WorkTurn
    ) throws -> LoadedImage {
        switch source {
        case .path(let path):
            let name = (path.lastComponent.map { FilePath(root: nil, components: $0) } ?? path).shown
            let bytes = try roots.read(path, limit: limits.fileBytes)
            let decoded = try ImageDecoder.decode(
                bytes, limits: limits, background: background, source: path.shown, isCancelled: turn.isCancelled)
            return LoadedImage(name: name, decoded: decoded)
        case .encoded(let encoded):
            let decoded = try ImageDecoder.decode(
                encoded, limits: limits, background: background, source: "image data", isCancelled: turn.isCancelled)
            return LoadedImage(name: "image", decoded: decoded)
        case .pixels:
            let decoded = try source.load(limits: limits)
            return LoadedImage(name: "image", decoded: decoded)
        }
    }
}

extension LoadedImage {
    /// The longest side of what drawings embed: twice the pixels of the largest figure, for fine screens.
    private static let longestSide = 960
    /// A picture that came without losses stays so while it takes no more bytes than this.
    private static let mostLossless = 256 << 10
    private static let jpegQuality = 88

    /// What drawings embed. Photographs become JPEG; drawings and small pictures PNG, unless that is large.
    fileprivate func embedded(_ turn: WorkTurn) throws -> (bytes: [UInt8], mimeType: String)? {
        let shown = try decoded.scaled(toFit: Self.longestSide) { try turn.check() }
        try turn.check()
        if decoded.format != .jpeg, let bytes = ImageEncoder.encode(shown, as: .png), bytes.count <= Self.mostLossless {
            return (bytes, "image/png")
        }
        return ImageEncoder.encode(shown, as: .jpeg(quality: Self.jpegQuality)).map { ($0, "image/jpeg") }
    }

    /// A small version for terminals, at most 64 cells along the longer side.
    fileprivate var cells: Picture.ColorCells {
        let scale = min(1, 64 / Double(max(width, height)))
        let columns = max(1, Int((Double(width) * scale).rounded()))
        let rows = max(1, Int((Double(height) * scale).rounded()))
        let shrink = ImagePreprocessor(
            resize: .exact(height: rows, width: columns), filter: .box, crop: nil, rescaleFactor: nil,
            normalization: nil)
        let planes = shrink.process(decoded).pixels
        let area = rows * columns
        let rgb = (0..<area).flatMap { cell in
            (0..<3).map { UInt8(clamping: Int(planes[$0 * area + cell].rounded())) }
        }
        return Picture.ColorCells(rows: rows, columns: columns, rgb: rgb)
    }
}

/// A digest of what a model sees of an image.
func digest(of pixels: [Float]) -> String {
    pixels.withUnsafeBytes { sha256($0) }
}

extension LoadedModel {
    /// The picture as the tower wants it.
    /// - Throws: `CancellationError`.
    func preprocess(_ picture: LoadedImage, _ turn: WorkTurn) throws -> PreprocessedImage {
        try preprocessor.process(picture.decoded, isCancelled: turn.isCancelled)
    }
}
