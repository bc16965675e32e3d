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
    /// Of the embedded tokens, before the first block.
    private let norm: LayerNorm?
    private let first: TransformerBlock?

    /// Tokens that stand before the patches.
    var leadingTokens: Int { classToken == nil ? 0 : 1 }
    var tokens: Int { configuration.patches + leadingTokens }

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
        let weights = try reader.floats("embeddings.patch_embedding.weight", hidden, 3, edge, edge)
        let bias = traits.hasPatchBias ? try reader.floats("embeddings.patch_embedding.bias", hidden) : nil
        patches = try reader.pack(weights, bias: bias, outputs: hidden, inputs: 3 * edge * edge)
        classToken = traits.hasClassToken ? try reader.floats("embeddings.class_embedding", hidden) : nil
        norm =
            traits.normalizesEmbeddings
            ? try reader.norm("pre_layrnorm", hidden, epsilon: configuration.transformer.epsilon) : nil
        positions = try reader.floats(
            "embeddings.position_embedding.weight", configuration.patches + (traits.hasClassToken ? 1 : 0), hidden)
    }

    var bytes: Int { patches.bytes + 4 * positions.count }

    /// - Parameter pixels: normalised, `[3, imageSize, imageSize]`.
    func callAsFunction(_ context: ComputeContext, pixels: [Float]) throws(TensorError) -> TokenStates {
        let hidden = configuration.transformer.hidden
        let count = configuration.patches
        let edge = configuration.patchSize
        let size = configuration.imageSize
        let grid = configuration.grid
        let flattened = Rows(capacity: count, columns: 3 * edge * edge)
        let values = flattened.floats
        var next = 0
        for row in 0..<grid {
            for column in 0..<grid {
                for channel in 0..<3 {
                    for y in 0..<edge {
                        let start = (channel * size + row * edge + y) * size + column * edge
                        for x in 0..<edge {
                            values[next] = pixels[start + x]
                            next += 1
                        }
                    }
                }
            }
        }
        let embedded = Rows(capacity: count, columns: hidden)
        try context.apply(patches, to: flattened, rows: count, into: embedded)

        let states = Rows(capacity: tokens, columns: hidden)
        let all = states.floats
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
        return try TokenStates(context, hidden: states, tokens: tokens, first: first)
    }
}
