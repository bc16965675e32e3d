import Tensors

/// A vision transformer from its first states to embeddings.
///
/// CLIP reads the class token only, so its last block is a ``PooledBlock``. SigLIP pools all tokens by attention.
struct VisionTower: Sendable {
    let configuration: TransformerConfiguration
    let format: RowFormat
    let dimension: Int
    private let blocks: [TransformerBlock]
    private let pooling: Pooling

    private enum Pooling: Sendable {
        /// The class token: the last block, the norm after it, the projection.
        case classToken(PooledBlock, LayerNorm, Linear)
        /// The norm of all tokens, then attention pooling.
        case attention(LayerNorm, AttentionPooling)
        /// The norm of all tokens, then their mean (SigLIP without its head).
        case mean(LayerNorm)
    }

    init(_ source: any TensorSource, _ model: ModelConfiguration, format: RowFormat) throws(ModelError) {
        configuration = model.vision.transformer
        dimension = model.dimension
        self.format = format
        let c = configuration
        let reader = WeightReader(source: source, prefix: "vision_model.", format: format)
        let norm = try reader.norm("post_layernorm", c.hidden, epsilon: c.epsilon)
        switch model.architecture {
        case .clip:
            blocks = try (0..<c.layers - 1).map { layer throws(ModelError) in
                try TransformerBlock(reader.under("encoder.layers.\(layer)"), c)
            }
            let last = try PooledBlock(reader.under("encoder.layers.\(c.layers - 1)"), c)
            let projection = try WeightReader(source: source, prefix: "", format: .f32)
                .linear("visual_projection", outputs: model.dimension, inputs: c.hidden, bias: false)
            pooling = .classToken(last, norm, projection)
        case .siglip:
            blocks = try (0..<c.layers).map { layer throws(ModelError) in
                try TransformerBlock(reader.under("encoder.layers.\(layer)"), c)
            }
            pooling =
                model.vision.usesHead ? .attention(norm, try AttentionPooling(reader.under("head"), c)) : .mean(norm)
        }
    }

    var first: TransformerBlock? { blocks.first }

    var bytes: Int {
        let pooled =
            switch pooling {
            case .classToken(let block, _, let projection): block.bytes + projection.bytes
            case .attention(_, let head): head.bytes
            case .mean: 0
            }
        return blocks.reduce(pooled) { $0 + $1.bytes }
    }

    /// Embeds sequences whose first states stand in `hidden` and `queryKeyValue`.
    /// - Parameter rows: all rows to compute, which may be more than the sequences'.
    /// - Returns: rows of which the leading ones are the embeddings before normalisation, in the sequences' order.
    func encode(
        _ context: ComputeContext, _ b: TowerBuffers, _ sequences: [TokenSequence], rows: Int
    ) throws(TensorError) -> Rows {
        let c = configuration
        for (layer, block) in blocks.enumerated() {
            if layer > 0 {
                try block.project(context, b, rows: rows)
            }
            try block.attend(context, b, sequences, c)
            try block.finish(context, b, rows: rows)
        }
        switch pooling {
        case .classToken(let last, let norm, let projection):
            for (index, sequence) in sequences.enumerated() {
                b.pooled.hidden.copyRow(sequence.firstRow, of: b.hidden, to: index)
            }
            try last.project(context, b, rows: rows, pooled: sequences.count)
            try last.attend(context, b, sequences, c)
            try last.finish(context, b, pooled: sequences.count)
            try context.layerNorm(norm, b.pooled.hidden, rows: sequences.count, into: b.pooled.hidden)
            try context.apply(projection, to: b.pooled.hidden, rows: sequences.count, into: b.pooled.projected)
            return b.pooled.projected
        case .attention(let norm, let head):
            try context.layerNorm(norm, b.hidden, rows: rows, into: b.normed)
            try head(context, b, sequences, rows: rows, c)
            return b.pooled.hidden
        case .mean(let norm):
            try context.layerNorm(norm, b.hidden, rows: rows, into: b.hidden)
            Self.average(b.hidden, sequences, into: b.pooled.hidden)
            return b.pooled.hidden
        }
    }

    private static func average(_ hidden: Rows, _ sequences: [TokenSequence], into result: Rows) {
        let columns = hidden.columns
        for (index, sequence) in sequences.enumerated() {
            for column in 0..<columns {
                var sum: Float = 0
                for row in sequence.firstRow..<sequence.firstRow + sequence.count {
                    sum += hidden.floats[row * columns + column]
                }
                result.floats[index * columns + column] = sum / Float(sequence.count)
            }
        }
    }
}
