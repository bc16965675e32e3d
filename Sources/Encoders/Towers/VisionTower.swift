import Tensors

/// A vision transformer from its first states to embeddings.
///
/// Where the class token alone is read, the last block is a ``PooledBlock``.
struct VisionTower: Sendable {
    let configuration: TransformerConfiguration
    let format: RowFormat
    let dimension: Int
    private let blocks: [TransformerBlock]
    private let pooling: Pooling
    private let projection: Linear?

    private enum Pooling: Sendable {
        /// The last block, then the norm of the class token.
        case classToken(PooledBlock, LayerNorm)
        /// The norm of all tokens, then attention pooling.
        case attention(LayerNorm, AttentionPooling)
        /// The norm of all tokens, then their mean.
        case mean(LayerNorm)
    }

    init(_ source: any TensorSource, _ model: ModelConfiguration, format: RowFormat) throws(ModelError) {
        configuration = model.vision.transformer
        dimension = model.dimension
        self.format = format
        let c = configuration
        let reader = WeightReader(source: source, prefix: "vision_model.", format: format)
        let norm = try reader.norm("post_layernorm", c.hidden, epsilon: c.epsilon)
        let traits = model.family.vision
        blocks = try (0..<(traits.pooling == .classToken ? c.layers - 1 : c.layers)).map { layer throws(ModelError) in
            try TransformerBlock(reader.under("encoder.layers.\(layer)"), c)
        }
        switch traits.pooling {
        case .classToken:
            pooling = .classToken(try PooledBlock(reader.under("encoder.layers.\(c.layers - 1)"), c), norm)
        case .attention: pooling = .attention(norm, try AttentionPooling(reader.under("head"), c))
        case .mean: pooling = .mean(norm)
        }
        let top = WeightReader(source: source, prefix: "", format: .f32)
        projection = try traits.projection.map { traits throws(ModelError) in
            try top.projection(traits, from: c.hidden, to: model.dimension)
        }
    }

    var first: TransformerBlock? { blocks.first }

    var bytes: Int {
        let pooled =
            switch pooling {
            case .classToken(let block, _): block.bytes
            case .attention(_, let head): head.bytes
            case .mean: 0
            }
        return blocks.reduce(pooled + (projection?.bytes ?? 0)) { $0 + $1.bytes }
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
        case .classToken(let last, let norm):
            for (index, sequence) in sequences.enumerated() {
                b.pooled.hidden.copyRow(sequence.firstRow, of: b.hidden, to: index)
            }
            try last.project(context, b, rows: rows, pooled: sequences.count)
            try last.attend(context, b, sequences, c)
            try last.finish(context, b, pooled: sequences.count)
            try context.layerNorm(norm, b.pooled.hidden, rows: sequences.count, into: b.pooled.hidden)
        case .attention(let norm, let head):
            try context.layerNorm(norm, b.hidden, rows: rows, into: b.normed)
            try head(context, b, sequences, rows: rows, c)
        case .mean(let norm):
            try context.layerNorm(norm, b.hidden, rows: rows, into: b.hidden)
            Self.average(b.hidden, sequences, into: b.pooled.hidden)
        }
        guard let projection else { return b.pooled.hidden }
        try context.apply(projection, to: b.pooled.hidden, rows: sequences.count, into: b.pooled.projected)
        return b.pooled.projected
    }

    /// What patches of the sequences just encoded say by themselves, as embeddings before normalisation: where the
    /// class token is read, their states before the last block, normed and projected as the token's own is; for
    /// attention pooling, what the head makes of each patch alone.
    ///
    /// What was embedded is written over.
    /// - Returns: `[patches, dimension]`.
    func patchStates(
        _ context: ComputeContext, _ b: TowerBuffers, _ patches: TokenSequence, rows: Int
    ) throws(TensorError) -> [Float] {
        let c = configuration
        let states = Rows(capacity: patches.count, columns: c.hidden)
        switch pooling {
        case .classToken(_, let norm):
            for index in 0..<patches.count {
                states.copyRow(patches.firstRow + index, of: b.hidden, to: index)
            }
            try context.layerNorm(norm, states, rows: patches.count, into: states)
        case .attention(_, let head):
            var start = 0
            while start < patches.count {
                let count = min(b.pooled.capacity, patches.count - start)
                let single = (start..<start + count).map { TokenSequence(firstRow: patches.firstRow + $0, count: 1) }
                try head(context, b, single, rows: rows, c)
                for index in 0..<count { states.copyRow(index, of: b.pooled.hidden, to: start + index) }
                start += count
            }
        case .mean:
            for index in 0..<patches.count {
                states.copyRow(patches.firstRow + index, of: b.hidden, to: index)
            }
        }
        guard let projection else { return states.array(rows: patches.count) }
        let projected = Rows(capacity: patches.count, columns: dimension)
        try context.apply(projection, to: states, rows: patches.count, into: projected)
        return projected.array(rows: patches.count)
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
