import Images
import Tensors

extension LoadedModel {
    /// What the vision tower needs of an image, computed once for all of its masks.
    ///
    /// - Parameters:
    ///   - pixels: normalised as the preprocessor does, `[3, height, width]`.
    ///   - height, width: the picture's size in whole patches, where it differs from picture to picture.
    /// - Throws: ``EncodeError/pixelCount(found:height:width:)``,
    ///   ``EncodeError/pictureSize(height:width:patchSize:mostPatches:)`` or ``EncodeError/compute(reason:)``.
    package func prepare(
        pixels: [Float], height: Int? = nil, width: Int? = nil
    ) throws(EncodeError) -> PreparedImage {
        let (height, width) = (height ?? imageHeight, width ?? imageWidth)
        let grid = try grid(height: height, width: width)
        guard pixels.count == 3 * height * width else {
            throw .pixelCount(found: pixels.count, height: height, width: width)
        }
        do {
            let context = try ComputeContext()
            context.useCallingThreadOnly()
            let picture = PicturePixels(values: pixels, height: height, width: width, grid: grid)
            return PreparedImage(
                grid: grid, states: try patchEmbedding(context, picture), absent: try absent.states(context, grid))
        } catch {
            throw .compute(reason: error.description)
        }
    }

    /// What the vision tower needs of a preprocessed image.
    /// - Throws: as for pixels.
    package func prepare(_ image: PreprocessedImage) throws(EncodeError) -> PreparedImage {
        try prepare(pixels: image.pixels, height: image.height, width: image.width)
    }

    /// The patches of a picture of this size.
    private func grid(height: Int, width: Int) throws(EncodeError) -> PatchGrid {
        guard let flexible = configuration.vision.flexible else {
            guard (height, width) == (imageHeight, imageWidth) else {
                throw .pixelCount(found: 3 * height * width, height: imageHeight, width: imageWidth)
            }
            return patchEmbedding.squareGrid
        }
        let edge = patchSize
        let grid = PatchGrid(rows: height / edge, columns: width / edge)
        guard height % edge == 0, width % edge == 0, (1...flexible.mostPatches).contains(grid.rows),
            (1...flexible.mostPatches / grid.rows).contains(grid.columns)
        else {
            throw .pictureSize(height: height, width: width, patchSize: edge, mostPatches: flexible.mostPatches)
        }
        return grid
    }

    /// Embeds masked images, which may be masks of several images.
    ///
    /// An item's embedding does not depend on the other items of the call.
    /// - Parameters:
    ///   - result: `[items, dimension]`.
    ///   - normalize: whether embeddings are divided by their Euclidean length.
    /// - Throws: ``EncodeError``.
    package func encodeImages(
        _ items: [ImageItem], into result: UnsafeMutableBufferPointer<Float>, workspace: EncoderWorkspace,
        normalize: Bool = true
    ) throws(EncodeError) {
        guard result.count == items.count * dimension else {
            throw .resultCount(found: result.count, expected: items.count * dimension)
        }
        for (index, item) in items.enumerated() {
            if let presence = item.presence, presence.count != item.image.grid.count {
                throw .presenceCount(item: index, found: presence.count, expected: item.image.grid.count)
            }
        }
        workspace.context.useCallingThreadOnly()
        do {
            guard let maskVision else {
                try encode(items, Array(items.indices), vision, workspace, result, normalize)
                return
            }
            let precise = items.indices.filter { items[$0].precise || items[$0].presence == nil }
            let coarse = items.indices.filter { !(items[$0].precise || items[$0].presence == nil) }
            try encode(items, precise, vision, workspace, result, normalize)
            try encode(items, coarse, maskVision, workspace, result, normalize)
        } catch {
            throw EncodeError(error)
        }
    }

    /// The chosen items by one tower, in micro-batches.
    private func encode(
        _ items: [ImageItem], _ chosen: [Int], _ tower: VisionTower, _ workspace: EncoderWorkspace,
        _ result: UnsafeMutableBufferPointer<Float>, _ normalize: Bool
    ) throws(TensorError) {
        let buffers = workspace.visionBuffers(tower.format)
        var next = 0
        while next < chosen.count {
            let start = next
            var rows = 0
            workspace.sequences.removeAll(keepingCapacity: true)
            while next < chosen.count, workspace.sequences.count < buffers.pooled.capacity {
                let count = tokens(of: items[chosen[next]])
                guard rows + count <= buffers.capacity else { break }
                place(items[chosen[next]], in: buffers, row: rows)
                workspace.sequences.append(TokenSequence(firstRow: rows, count: count))
                rows += count
                next += 1
            }
            let embeddings = try tower.encode(
                workspace.context, buffers, workspace.sequences, rows: EncoderWorkspace.rounded(rows))
            for index in start..<next {
                copyEmbedding(index - start, of: embeddings, to: chosen[index], in: result, normalize: normalize)
            }
            let leading = patchEmbedding.leadingTokens
            for (index, sequence) in zip(start..<next, workspace.sequences)
            where sequence.count == items[chosen[index]].image.states.tokens {
                guard let sink = items[chosen[index]].states else { continue }
                let patches = TokenSequence(
                    firstRow: sequence.firstRow + leading, count: sequence.count - leading)
                let values = try tower.patchStates(
                    workspace.context, buffers, patches, rows: EncoderWorkspace.rounded(rows))
                sink.take(PatchStates(values: values, dimension: dimension))
            }
        }
    }

    /// Whether an item's absent patches are removed; without a class token an empty image has nothing to attend to, and
    /// none has a mean.
    private func drops(_ item: ImageItem) -> Bool {
        guard item.masking == .drop, let presence = item.presence else { return false }
        return family.vision.needsNoPatches || presence.contains { $0 != 0 }
    }

    private func tokens(of item: ImageItem) -> Int {
        guard drops(item), let presence = item.presence else { return item.image.states.tokens }
        return patchEmbedding.leadingTokens + presence.count { $0 != 0 }
    }

    private func place(_ item: ImageItem, in buffers: TowerBuffers, row: Int) {
        let leading = patchEmbedding.leadingTokens
        let drops = drops(item)
        var row = row
        for token in 0..<item.image.states.tokens {
            let present = token < leading || item.presence.map { $0[token - leading] != 0 } ?? true
            if present {
                item.image.states.place(token, in: buffers, row: row)
            } else if drops {
                continue
            } else {
                item.image.absent.place(token, in: buffers, row: row)
            }
            buffers.places[row] = Int32(token - leading)
            row += 1
        }
    }

    /// Copies a row of embeddings to its item's place.
    func copyEmbedding(
        _ row: Int, of embeddings: Rows, to item: Int, in result: UnsafeMutableBufferPointer<Float>, normalize: Bool
    ) {
        let source = row * dimension
        let target = item * dimension
        let values = embeddings.floats
        var factor: Float = 1
        if normalize {
            var squares = 0.0
            for i in 0..<dimension { squares += Double(values[source + i]) * Double(values[source + i]) }
            factor = squares > 0 ? Float(1 / squares.squareRoot()) : 0
        }
        for i in 0..<dimension { result[target + i] = values[source + i] * factor }
    }
}
