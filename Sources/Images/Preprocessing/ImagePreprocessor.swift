/// From a decoded picture to the numbers an image tower reads, equal to the reference's PIL pipeline:
/// resize on bytes, centre crop, rescale, normalise.
///
/// The reference is Hugging Face's `CLIPImageProcessor` and `SiglipImageProcessor`.
package struct ImagePreprocessor: Sendable, Equatable {
    /// What the resize aims at.
    package enum Resize: Sendable, Equatable {
        /// The picture keeps its size.
        case none
        /// The shorter side becomes this long, the longer one ⌊size · long / short⌋.
        case shortestEdge(Int)
        /// Both sides are given; the aspect ratio is not kept.
        case exact(height: Int, width: Int)
        /// Whole squares of `edge` pixels, at most `most` of them and as many as the picture's aspect ratio allows.
        case patches(edge: Int, most: Int)
    }

    /// How a centre crop rounds its offset (H − c) / 2 when the difference is odd.
    package enum CropRounding: Sendable, Equatable {
        /// ⌊(H − c) / 2⌋, as Hugging Face's processors do.
        case down
        /// To the nearest even number, as torchvision's `CenterCrop` (used by open_clip) does.
        case nearestEven
    }

    package struct CropSize: Sendable, Equatable {
        package var height: Int, width: Int
        package init(height: Int, width: Int) {
            self.height = height
            self.width = width
        }
    }

    package var resize: Resize
    package var filter: ResampleFilter
    /// Nil where nothing is cropped. A picture smaller than the crop is padded with zero bytes.
    package var crop: CropSize?
    package var cropRounding: CropRounding
    /// Factor from bytes to the scale of ``mean``; nil leaves 0…255.
    package var rescaleFactor: Double?
    /// Per-channel mean to subtract and deviation to divide by; nil leaves values as they are.
    package var normalization: Normalization?

    package struct Normalization: Sendable, Equatable {
        package var mean: [Double], deviation: [Double]
        /// - Precondition: three numbers each, no deviation zero.
        package init(mean: [Double], deviation: [Double]) {
            precondition(mean.count == 3 && deviation.count == 3 && !deviation.contains(0))
            self.mean = mean
            self.deviation = deviation
        }
    }

    package init(
        resize: Resize, filter: ResampleFilter = .bicubic, crop: CropSize? = nil, cropRounding: CropRounding = .down,
        rescaleFactor: Double? = 1.0 / 255, normalization: Normalization?
    ) {
        self.resize = resize
        self.filter = filter
        self.crop = crop
        self.cropRounding = cropRounding
        self.rescaleFactor = rescaleFactor
        self.normalization = normalization
    }

    /// The size of every output, nil where it depends on the picture.
    package var outputSize: CropSize? {
        if let crop { return crop }
        if case .exact(let height, let width) = resize { return CropSize(height: height, width: width) }
        return nil
    }

    /// Checks that this preprocessor makes pictures of a model's image size.
    ///
    /// - Throws: ``PreprocessorError/sizeMismatch(made:wanted:)`` naming both sizes.
    package func validate(height: Int, width: Int) throws(PreprocessorError) {
        guard outputSize == CropSize(height: height, width: width) else {
            let made = outputSize.map { "\($0.height) x \($0.width)" } ?? "varying size"
            throw .sizeMismatch(made: made, wanted: "\(height) x \(width)")
        }
    }

    /// Checks that this preprocessor makes pictures of whole patches of a model's.
    ///
    /// - Returns: the most patches of a picture.
    /// - Throws: ``PreprocessorError/sizeMismatch(made:wanted:)``.
    package func validate(patchSize: Int) throws(PreprocessorError) -> Int {
        guard crop == nil, case .patches(let edge, let most) = resize, edge == patchSize else {
            let made =
                if case .patches(let edge, _) = resize { "whole patches of \(edge) x \(edge)" } else {
                    outputSize.map { "\($0.height) x \($0.width)" } ?? "varying size"
                }
            throw .sizeMismatch(made: made, wanted: "whole patches of \(patchSize) x \(patchSize)")
        }
        return most
    }

    /// Preprocesses one picture on the calling thread.
    package func process(_ image: DecodedImage) -> PreprocessedImage { process(image, checkpoint: {}) }

    /// Preprocesses one picture on the calling thread.
    ///
    /// - Parameter isCancelled: asked every few milliseconds.
    /// - Throws: `CancellationError` once it says so.
    package func process(
        _ image: DecodedImage, isCancelled: () -> Bool
    ) throws(CancellationError) -> PreprocessedImage {
        try process(image) { () throws(CancellationError) in if isCancelled() { throw CancellationError() } }
    }

    private func process<Failure: Error>(
        _ image: DecodedImage, checkpoint: () throws(Failure) -> Void
    ) throws(Failure) -> PreprocessedImage {
        let geometry = geometry(sourceWidth: image.width, sourceHeight: image.height)
        let visible = PixelWindow(
            columns: visibleRange(offset: geometry.cropLeft, size: geometry.inputWidth, of: geometry.resizedWidth),
            rows: visibleRange(offset: geometry.cropTop, size: geometry.inputHeight, of: geometry.resizedHeight))
        let bytes = try resample(
            rgb: image.rgb, width: image.width, height: image.height, outputWidth: geometry.resizedWidth,
            outputHeight: geometry.resizedHeight, filter: filter, window: visible, checkpoint: checkpoint)
        return PreprocessedImage(
            pixels: normalized(bytes, visible: visible, geometry: geometry), height: geometry.inputHeight,
            width: geometry.inputWidth, geometry: geometry)
    }

    /// Where the model's pixels come from in a picture of the given size.
    package func geometry(sourceWidth: Int, sourceHeight: Int) -> ImageGeometry {
        let (resizedWidth, resizedHeight): (Int, Int)
        switch resize {
        case .none:
            (resizedWidth, resizedHeight) = (sourceWidth, sourceHeight)
        case .exact(let height, let width):
            (resizedWidth, resizedHeight) = (width, height)
        case .patches(let edge, let most):
            let size = PatchFitting(edge: edge, most: most).size(height: sourceHeight, width: sourceWidth)
            (resizedWidth, resizedHeight) = (size.width, size.height)
        case .shortestEdge(let size):
            let short = min(sourceWidth, sourceHeight)
            let long = max(sourceWidth, sourceHeight)
            let longer = Int(Double(size * long) / Double(short))
            (resizedWidth, resizedHeight) = sourceWidth <= sourceHeight ? (size, longer) : (longer, size)
        }
        let crop = crop ?? CropSize(height: resizedHeight, width: resizedWidth)
        return ImageGeometry(
            sourceWidth: sourceWidth, sourceHeight: sourceHeight, resizedWidth: resizedWidth,
            resizedHeight: resizedHeight, cropLeft: cropOffset(of: resizedWidth, to: crop.width),
            cropTop: cropOffset(of: resizedHeight, to: crop.height), inputWidth: crop.width, inputHeight: crop.height)
    }

    private func cropOffset(of size: Int, to cropped: Int) -> Int {
        let difference = Double(size - cropped) / 2
        return Int(cropRounding == .down ? difference.rounded(.down) : difference.rounded(.toNearestOrEven))
    }

    private func visibleRange(offset: Int, size: Int, of whole: Int) -> Range<Int> {
        let lower = min(max(offset, 0), whole)
        return lower..<max(min(offset + size, whole), lower)
    }

    /// `[3, height, width]` from the bytes of the visible window; padding counts as zero bytes.
    private func normalized(_ bytes: [UInt8], visible: PixelWindow, geometry: ImageGeometry) -> [Float] {
        let plane = geometry.inputHeight * geometry.inputWidth
        var pixels = [Float](repeating: 0, count: 3 * plane)
        let columns = visible.columns.count
        let left = visible.columns.lowerBound - geometry.cropLeft
        let top = visible.rows.lowerBound - geometry.cropTop
        pixels.withUnsafeMutableBufferPointer { out in
            bytes.withUnsafeBufferPointer { source in
                for channel in 0..<3 {
                    let values = (0..<256).map { value(of: $0, channel: channel) }
                    values.withUnsafeBufferPointer { table in
                        if columns * visible.rows.count < plane {
                            out[channel * plane..<(channel + 1) * plane].update(repeating: table[0])
                        }
                        for row in 0..<visible.rows.count {
                            let target = channel * plane + (top + row) * geometry.inputWidth + left
                            for column in 0..<columns {
                                out[target + column] = table[Int(source[(row * columns + column) * 3 + channel])]
                            }
                        }
                    }
                }
            }
        }
        return pixels
    }

    private func value(of byte: Int, channel: Int) -> Float {
        let scaled = Double(byte) * (rescaleFactor ?? 1)
        guard let normalization else { return Float(scaled) }
        return Float((scaled - normalization.mean[channel]) / normalization.deviation[channel])
    }
}

/// What an image tower reads, and where it came from.
package struct PreprocessedImage: Sendable, Equatable {
    /// `[3, height, width]`, normalised.
    package let pixels: [Float]
    package let height: Int
    package let width: Int
    package let geometry: ImageGeometry
}
