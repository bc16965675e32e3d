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
    private let projection: Projection?

    private enum Pooling: Sendable {
        /// The last block, then the norm of the class token.
        case classToken(PooledBlock, LayerNorm)
        /// The norm of all tokens, then attention pooling.
        case attention(LayerNorm, AttentionPooling)
        /// The norm of all tokens and the mean of the patches, or the mean and then its norm.
        case mean(LayerNorm, isAfter: Bool, leading: Int)
    }

    init(_ source: any TensorSource, _ model: ModelConfiguration, format: RowFormat) throws(ModelError) {
        configuration = model.vision.transformer
        dimension = model.dimension
        self.format = format
        let c = configuration
        let reader = WeightReader(source: source, prefix: "vision_model.", format: format)
        let norm = try reader.norm("post_layernorm", c.hidden, epsilon: c.epsilon)
        let traits = model.family.vision
        let rotation = c.rotary.map {
            $0.rotation(of: PatchGrid(rows: model.vision.grid, columns: model.vision.grid), width: c.headWidth)
        }
        blocks = try (0..<(traits.pooling == .classToken ? c.layers - 1 : c.layers)).map { layer throws(ModelError) in
            try TransformerBlock(reader.under("encoder.layers.\(layer)"), c, rotation)
        }
        switch traits.pooling {
        case .classToken:
            pooling = .classToken(try PooledBlock(reader.under("encoder.layers.\(c.layers - 1)"), c, rotation), norm)
        case .attention:
            pooling = .attention(norm, try AttentionPooling(reader.under("head"), model.vision.headTransformer))
        case .mean, .meanThenNorm:
            pooling = .mean(norm, isAfter: traits.pooling == .meanThenNorm, leading: traits.hasClassToken ? 1 : 0)
        }
        projection = try traits.projection.map { traits throws(ModelError) in
            try Projection(source, traits, from: c.hidden, to: model.dimension)
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
            try head(context, b, sequences, rows: rows)
        case .mean(let norm, let isAfter, let leading):
            if !isAfter { try context.layerNorm(norm, b.hidden, rows: rows, into: b.hidden) }
            sequences.averageRows(of: b.hidden, leaving: leading, into: b.pooled.hidden)
            if isAfter { try context.layerNorm(norm, b.pooled.hidden, rows: sequences.count, into: b.pooled.hidden) }
        }
        guard let projection else { return b.pooled.hidden }
        return try projection(context, b.pooled, rows: sequences.count)
    }

    /// What patches of the sequences just encoded say by themselves, as embeddings before normalisation: where the
    /// class token is read, their states before the last block, normed and projected as the token's own is; for
    /// attention pooling, what the head makes of each patch alone; for a mean, the states that it is of.
    ///
    /// What was embedded is written over.
    /// - Returns: `[patches, dimension]`.
    func patchStates(
        _ context: ComputeContext, _ b: TowerBuffers, _ patches: TokenSequence, rows: Int
    ) throws(TensorError) -> [Float] {
        let p = b.pooled
        let result = Rows(capacity: patches.count, columns: dimension)
        var start = 0
        while start < patches.count {
            let count = min(p.capacity, patches.count - start)
            let first = patches.firstRow + start
            switch pooling {
            case .classToken(_, let norm), .mean(let norm, isAfter: true, leading: _):
                for index in 0..<count { p.hidden.copyRow(first + index, of: b.hidden, to: index) }
                try context.layerNorm(norm, p.hidden, rows: count, into: p.hidden)
            case .mean:
                for index in 0..<count { p.hidden.copyRow(first + index, of: b.hidden, to: index) }
            case .attention(_, let head):
                let single = (0..<count).map { TokenSequence(firstRow: first + $0, count: 1) }
                try head(context, b, single, rows: rows)
            }
            let states =
                try projection.map { projection throws(TensorError) in
                    try projection(context, p, rows: count)
                } ?? p.hidden
            for index in 0..<count { result.copyRow(index, of: states, to: start + index) }
            start += count
        }
        return result.array(rows: patches.count)
    }
}
