import Foundation
import Tokenizers

extension LoadedModel {
    /// The largest share of the variance over masks that 8-bit products may get wrong for ``Precision/auto`` to use
    /// them. An explanation of the rounded game cannot explain more than this share less of the precise one.
    static let roundingLimit = 0.01
    /// Towers narrower than this gain little from 8-bit products.
    static let leastWidthForIntegers = 512

    /// How far 8-bit masks are from precise ones: the mean squared error of their embeddings in parts of the
    /// embeddings' variance over masks, for the image and the text together. Measured on a picture and a sentence made
    /// for it, so that a model gives one number whatever it is used for.
    /// - Throws: ``EncodeError``.
    func maskRounding(isCancelled: @escaping @Sendable () -> Bool = { false }) throws(EncodeError) -> Double {
        let image = try prepare(pixels: Self.testPicture(height: imageHeight, width: imageWidth))
        let patches = rows * columns
        let images = Self.testMasks(patches > 100 ? 2 : 4, players: patches).flatMap { mask in
            [true, false].map { ImageItem(image: image, presence: mask, precise: $0) }
        }
        let tokenization: Tokenization
        do {
            tokenization = try tokenizer.tokenize("a red dog on the green grass next to a car")
        } catch {
            throw .ids(reason: "\(error)")
        }
        let text = try prepare(ids: tokenization.ids, players: tokenization.playerPositions)
        let texts = Self.testMasks(8, players: text.players).flatMap { mask in
            [true, false].map { TextItem(text: text, presence: mask, precise: $0) }
        }
        let imageRows = try inHalves(images, isCancelled) { items, rows, workspace throws(EncodeError) in
            try encodeImages(items, into: rows, workspace: workspace)
        }
        let textRows = try inHalves(texts, isCancelled) { items, rows, workspace throws(EncodeError) in
            try encodeTexts(items, into: rows, workspace: workspace)
        }
        return roundingError(imageRows) + roundingError(textRows)
    }

    /// Embeddings `[items, dimension]`, each half of the items on a thread of its own.
    private func inHalves<Item: Sendable>(
        _ items: [Item], _ isCancelled: @escaping @Sendable () -> Bool,
        _ encode: @Sendable ([Item], UnsafeMutableBufferPointer<Float>, EncoderWorkspace) throws(EncodeError) -> Void
    ) throws(EncodeError) -> [Float] {
        let halves = [Array(items[..<(items.count / 2)]), Array(items[(items.count / 2)...])]
        return try concurrently(halves) { half throws(EncodeError) -> [Float] in
            let workspace = try makeWorkspace()
            let rows = UnsafeMutableBufferPointer<Float>.allocate(capacity: half.count * dimension)
            defer { rows.deallocate() }
            try workspace.asking(isCancelled) { () throws(EncodeError) in
                try encode(half, rows, workspace)
            }
            return Array(rows)
        }.flatMap { $0 }
    }

    /// - Parameter rows: embeddings of masks, a precise and a coarse one in turns.
    private func roundingError(_ rows: [Float]) -> Double {
        let masks = rows.count / (2 * dimension)
        var squares = 0.0
        var variance = 0.0
        for column in 0..<dimension {
            let pairs = (0..<masks).map { mask in
                (
                    precise: Double(rows[2 * mask * dimension + column]),
                    coarse: Double(rows[(2 * mask + 1) * dimension + column])
                )
            }
            let mean = pairs.reduce(0.0) { $0 + $1.precise } / Double(masks)
            for (precise, coarse) in pairs {
                squares += (coarse - precise) * (coarse - precise) / Double(masks)
                variance += (precise - mean) * (precise - mean) / Double(masks - 1)
            }
        }
        return variance > 0 ? squares / variance : .infinity
    }

    /// Waves, a disc and a fine texture, scaled as normalised pixels are: `[3, height, width]`.
    private static func testPicture(height: Int, width: Int) -> [Float] {
        (0..<3 * height * width).map { index in
            let x = Double(index % width) / Double(width)
            let y = Double(index / width % height) / Double(height)
            let channel = Double(index / (width * height))
            let waves = sin(9 * x + channel) * cos(7 * y + 2 * channel)
            let disc = (x - 0.4) * (x - 0.4) + (y - 0.55) * (y - 0.55) < 0.05 ? 1.2 - 0.8 * channel : -0.2
            return Float(waves + disc + 0.3 * sin(150 * x + 110 * y))
        }
    }

    /// Masks with about half of the players, the same every time.
    private static func testMasks(_ count: Int, players: Int) -> [[UInt8]] {
        var state: UInt64 = 1
        return (0..<count).map { _ in
            (0..<players).map { _ in
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                return UInt8(state >> 63)
            }
        }
    }
}
