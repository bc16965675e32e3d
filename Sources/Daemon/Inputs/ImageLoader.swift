import Digests
import Encoders
import Foundation
import Images
import Rendering
import ShownText
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

/// An image as one model sees it.
struct ReadImage: Sendable {
    let pixels: PreprocessedImage
    /// What the model sees: SHA-256 of the pixels, with their size before it unless they are a square, since pictures
    /// of two shapes can have the same ones.
    let content: String

    /// Memory held.
    fileprivate var bytes: Int { MemoryLayout<Float>.stride * pixels.pixels.count }

    /// - Throws: `CancellationError`.
    fileprivate init(_ image: LoadedImage, _ model: LoadedModel, _ turn: WorkTurn) throws {
        pixels = try model.preprocessor.process(image.decoded, isCancelled: turn.isCancelled)
        let digest = pixels.pixels.withUnsafeBytes { sha256($0) }
        content = pixels.height == pixels.width ? digest : "\(pixels.height)x\(pixels.width) \(digest)"
    }
}

/// An image as one model sees it, and as it is drawn.
struct DrawableImage: Sendable {
    let read: ReadImage
    let picture: KeptPicture

    fileprivate var bytes: Int { read.bytes + picture.bytes }
}

/// What decides how a model sees an image file.
private struct RecentKey: Hashable {
    let file: FileIdentity
    /// The image's name in drawings.
    let name: String
    let background: String?
    /// `RunningModel.identity`.
    let model: Int
}

/// Reads and decodes images of requests, within the daemon's roots and limits. Blocks: not for the cooperative pool.
package struct ImageLoader: Sendable {
    private let roots: ImageRoots
    private let limits: ImageLimits
    private let recent: RecentValues<RecentKey, ReadImage>
    private let recentlyDrawn: RecentValues<RecentKey, DrawableImage>

    /// - Parameters:
    ///   - folders: images must lie inside one of them; none means anywhere.
    ///   - maximumPixels: the most pixels of an image.
    ///   - recentBytes: what may be held of the files that were read last.
    /// - Throws: `ApplicationError` of kind `pathNotAllowed` for a root that is not a folder.
    package init(roots folders: [String], maximumPixels: Int, recentBytes: Int = 128 << 20) throws {
        do throws(ImageError) {
            roots = try ImageRoots(folders)
        } catch {
            throw ApplicationError(error)
        }
        limits = ImageLimits(pixels: maximumPixels)
        recent = RecentValues(limit: recentBytes / 4)
        recentlyDrawn = RecentValues(limit: recentBytes / 4 * 3)
    }

    /// Loads an image and prepares it for a model. A file that was read for the model a short while ago, and was not
    /// written since, is not decoded again.
    /// - Throws: `ApplicationError` of kind `imageUnreadable`, `imageTooLarge` or `pathNotAllowed`;
    ///   `CancellationError`.
    func read(_ input: GivenImage, for model: RunningModel, _ turn: WorkTurn) throws -> ReadImage {
        try unlessRecent(input, model, turn) { key in
            recent.value(of: key) ?? recentlyDrawn.value(of: key)?.read
        } read: { image in
            try ReadImage(image, model.loaded, turn)
        } keep: { key, image in
            recent.keep(image, bytes: image.bytes, for: key)
        }
    }

    /// The same, with what drawings of the image need.
    /// - Throws: as ``read(_:for:_:)``.
    func readToDraw(_ input: GivenImage, for model: RunningModel, _ turn: WorkTurn) throws -> DrawableImage {
        try unlessRecent(input, model, turn) { key in
            recentlyDrawn.value(of: key)
        } read: { image in
            DrawableImage(read: try ReadImage(image, model.loaded, turn), picture: try KeptPicture(image, turn))
        } keep: { key, image in
            recentlyDrawn.keep(image, bytes: image.bytes, for: key)
        }
    }

    private func unlessRecent<Value>(
        _ input: GivenImage, _ model: RunningModel, _ turn: WorkTurn, known: (RecentKey) -> Value?,
        read: (LoadedImage) throws -> Value, keep: (RecentKey, Value) -> Void
    ) throws -> Value {
        try turn.check()
        do {
            let background = try background(of: input)
            let source = try source(of: input)
            guard case .path(let path) = source else { return try read(load(source, background, turn)) }
            let file = try roots.open(path, limit: limits.fileBytes)
            let key = RecentKey(
                file: file.identity, name: Self.name(of: path), background: input.background, model: model.identity)
            if let known = known(key) { return known }
            // The times of a file that was written a moment ago need not tell of the next time that it is written.
            let isSettled = file.identity.isSettled(at: Self.now())
            let value = try read(load(file, at: path, background, turn))
            if isSettled { keep(key, value) }
            return value
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
            return try load(roots.open(path, limit: limits.fileBytes), at: path, background, turn)
        case .encoded(let encoded):
            let decoded = try ImageDecoder.decode(
                encoded, limits: limits, background: background, source: "image data", isCancelled: turn.isCancelled)
            return LoadedImage(name: "image", decoded: decoded)
        case .pixels:
            let decoded = try source.load(limits: limits)
            return LoadedImage(name: "image", decoded: decoded)
        }
    }

    private func load(
        _ file: consuming OpenedFile, at path: FilePath, _ background: BackgroundColor?, _ turn: WorkTurn
    ) throws -> LoadedImage {
        let bytes = try file.bytes()
        let decoded = try ImageDecoder.decode(
            bytes, limits: limits, background: background, source: path.shown, isCancelled: turn.isCancelled)
        return LoadedImage(name: Self.name(of: path), decoded: decoded)
    }

    /// Nanoseconds since 1970.
    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    private static func name(of path: FilePath) -> String {
        (path.lastComponent.map { FilePath(root: nil, components: $0) } ?? path).shown
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
