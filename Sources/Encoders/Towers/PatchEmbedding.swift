import Tensors

/// From normalised pixels to the vision tower's first states.
struct PatchEmbedding: Sendable {
    private let configuration: VisionConfiguration
    /// The patch convolution as a product over flattened patches, `[3 × patch × patch → hidden]`.
    private let patches: Linear
    /// `[tokens, hidden]`; row 0 is the class token's where there is one.
    private let positions: [Float]
    /// Stands before the patches.
    private let classToken: [Float]?
    /// Normalises the embedded tokens before the first block.
    private let norm: LayerNorm?
    private let first: TransformerBlock?

    /// Tokens that stand before the patches.
    var leadingTokens: Int { classToken == nil ? 0 : 1 }
    /// The most tokens of an image; where the grid is fixed, those of every image.
    var mostTokens: Int { configuration.patches + leadingTokens }

    /// - Parameter first: the tower's first block, unless that is the pooled one.
    init(
        _ source: any TensorSource, _ traits: VisionTraits, _ configuration: VisionConfiguration,
        first: TransformerBlock?
    ) throws(ModelError) {
        self.configuration = configuration
        self.first = first
        // Once per image: exactness costs nothing here, whatever the precision.
        let reader = WeightReader(source: source, prefix: "vision_model.", format: .f32)
        let hidden = configuration.transformer.hidden
        let edge = configuration.patchSize
        let weights =
            switch traits.patchLayout {
            case .convolution: try reader.floats("embeddings.patch_embedding.weight", hidden, 3, edge, edge)
            case .channelsLast:
                Self.channelsFirst(
                    try reader.floats("embeddings.patch_embedding.weight", hidden, edge * edge * 3), edge: edge)
            }
        let bias = traits.hasPatchBias ? try reader.floats("embeddings.patch_embedding.bias", hidden) : nil
        patches = try reader.pack(weights, bias: bias, outputs: hidden, inputs: 3 * edge * edge)
        classToken = traits.hasClassToken ? try reader.floats("embeddings.class_embedding", hidden) : nil
        norm =
            traits.normalizesEmbeddings
            ? try reader.norm("pre_layrnorm", hidden, epsilon: configuration.transformer.epsilon) : nil
        positions = try reader.floats(
            "embeddings.position_embedding.weight", configuration.positions + (traits.hasClassToken ? 1 : 0), hidden)
    }

    var bytes: Int { patches.bytes + 4 * positions.count }

    /// The grid of the only pictures there are, or of the largest square one.
    var squareGrid: PatchGrid { PatchGrid(rows: configuration.grid, columns: configuration.grid) }

    /// - Parameter picture: normalised pixels of as many patches as the grid has.
    func callAsFunction(_ context: ComputeContext, _ picture: PicturePixels) throws(TensorError) -> TokenStates {
        let hidden = configuration.transformer.hidden
        let count = picture.grid.count
        let tokens = count + leadingTokens
        let flattened = flatten(picture)
        let embedded = Rows(capacity: count, columns: hidden)
        try context.apply(patches, to: flattened, rows: count, into: embedded)

        let states = Rows(capacity: tokens, columns: hidden)
        let all = states.floats
        let positions = positions(of: picture.grid)
        for token in 0..<tokens {
            let patch = token - leadingTokens
            for i in 0..<hidden {
                let value = patch < 0 ? classToken?[i] ?? 0 : embedded.floats[patch * hidden + i]
                all[token * hidden + i] = value + positions[token * hidden + i]
            }
        }
        if let norm {
            try context.layerNorm(norm, states, rows: tokens, into: states)
        }
        return try TokenStates(context, hidden: states, tokens: tokens, first: first, leading: leadingTokens)
    }

    /// The patches of a picture, `[patches, 3 × edge × edge]`.
    private func flatten(_ picture: PicturePixels) -> Rows {
        let edge = configuration.patchSize
        let (height, width) = (picture.height, picture.width)
        let flattened = Rows(capacity: picture.grid.count, columns: 3 * edge * edge)
        let values = flattened.floats
        var next = 0
        for row in 0..<picture.grid.rows {
            for column in 0..<picture.grid.columns {
                for channel in 0..<3 {
                    for y in 0..<edge {
                        let start = (channel * height + row * edge + y) * width + column * edge
                        for x in 0..<edge {
                            values[next] = picture.values[start + x]
                            next += 1
                        }
                    }
                }
            }
        }
        return flattened
    }

    /// `[tokens, hidden]`
    private func positions(of grid: PatchGrid) -> [Float] {
        guard let flexible = configuration.flexible else { return positions }
        let hidden = configuration.transformer.hidden
        let leading = leadingTokens * hidden
        let table = PositionTable(
            values: Array(positions[leading...]),
            grid: PatchGrid(rows: flexible.tableEdge, columns: flexible.tableEdge), columns: hidden)
        return positions[..<leading] + table.resized(to: grid)
    }

    /// Rows of `[edge, edge, 3]` values as `[3, edge, edge]`.
    private static func channelsFirst(_ weights: [Float], edge: Int) -> [Float] {
        let area = edge * edge
        var result = weights
        for start in stride(from: 0, to: weights.count, by: 3 * area) {
            for pixel in 0..<area {
                for channel in 0..<3 {
                    result[start + channel * area + pixel] = weights[start + 3 * pixel + channel]
                }
            }
        }
        return result
    }
}

/// A picture as the vision tower takes it.
struct PicturePixels {
    /// Normalised, `[3, height, width]`.
    let values: [Float]
    let height: Int
    let width: Int
    let grid: PatchGrid

    /// A picture of the mean colour: what absent patches show.
    static func absent(_ grid: PatchGrid, patchSize: Int) -> PicturePixels {
        let (height, width) = (grid.rows * patchSize, grid.columns * patchSize)
        return PicturePixels(
            values: [Float](repeating: 0, count: 3 * height * width), height: height, width: width, grid: grid)
    }
}
