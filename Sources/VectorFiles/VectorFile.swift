import CVectorDrawing

/// Kinds of files that an SVG drawing is made into.
package enum VectorFileKind: Sendable, Equatable {
    /// Two pixels for each of the drawing's.
    case png
    /// A page of the drawing's size, text as text.
    case pdf
}

/// Why a drawing could not be made into another file.
package enum VectorFileError: Error, Equatable, Sendable, CustomStringConvertible {
    /// librsvg is not installed; `reason` is what the loader says.
    case libraryMissing(reason: String)
    case failed(reason: String)
    /// Nobody wants the file any more.
    case cancelled

    package var description: String {
        switch self {
        case .libraryMissing(let reason):
            "PNG and PDF are drawn by librsvg, which is not installed (\(reason)); "
                + "install it, on Debian and Ubuntu with: apt install librsvg2-2; or take SVG, which needs nothing"
        case .cancelled: "the drawing was cancelled"
        case .failed(let reason): "librsvg could not draw it: \(reason)"
        }
    }
}

/// An SVG drawing as another file, by librsvg: the same picture, in its light colours.
package enum VectorFile {
    /// Pixels of a PNG for each of the drawing's.
    package static let pixelScale = 2.0

    /// - Parameters:
    ///   - svg: a whole file, which says its size.
    ///   - isCancelled: asked between reading, painting and writing, and many times while pixels are compressed, which
    ///     takes longest.
    /// - Throws: ``VectorFileError``.
    package static func make(
        _ kind: VectorFileKind, of svg: String, isCancelled: () -> Bool = { false }
    ) throws(VectorFileError) -> [UInt8] {
        var message = [CChar](repeating: 0, count: Int(CVD_MESSAGE_SIZE))
        var bytes: UnsafeMutablePointer<UInt8>?
        var size = 0
        let source = Array(svg.utf8)
        let format = kind == .png ? CVD_PNG : CVD_PDF
        let status = withoutActuallyEscaping(isCancelled) { isCancelled in
            var question = isCancelled
            return withUnsafeMutablePointer(to: &question) { question in
                cvd_draw(
                    source, source.count, Int32(format), pixelScale,
                    { asker in asker?.assumingMemoryBound(to: (() -> Bool).self).pointee() == true ? 1 : 0 }, question,
                    &bytes, &size, &message)
            }
        }
        defer { cvd_free(bytes) }
        guard status == Int32(CVD_DRAWN), let bytes else {
            if status == Int32(CVD_CANCELLED) { throw .cancelled }
            let reason = String(decoding: message.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
            throw status == Int32(CVD_NO_LIBRARY) ? .libraryMissing(reason: reason) : .failed(reason: reason)
        }
        return Array(UnsafeBufferPointer(start: bytes, count: size))
    }
}
