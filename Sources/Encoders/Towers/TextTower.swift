import Tensors

/// A text transformer from its first states to embeddings. The last block is a ``PooledBlock`` where one position is
/// read.
struct TextTower: Sendable {
    let configuration: TransformerConfiguration
    let format: RowFormat
    let dimension: Int
    private let blocks: [TransformerBlock]
    private let pooling: Pooling
    private let norm: LayerNorm?
    private let projection: Projection?

    private enum Pooling: Sendable {
        /// The last block, of which the pooled positions are computed.
        case position(PooledBlock)
        /// The mean over all tokens, after all blocks.
        case mean
    }

    init(_ source: any TensorSource, _ model: ModelConfiguration, format: RowFormat) throws(ModelError) {
        configuration = model.text.transformer
        dimension = model.dimension
        self.format = format
        let c = configuration
        let traits = model.family.text
        let reader = WeightReader(source: source, prefix: "text_model.", format: format)
        blocks = try (0..<(traits.pooling == .mean ? c.layers : c.layers - 1)).map { layer throws(ModelError) in
            try TransformerBlock(reader.under("encoder.layers.\(layer)"), c)
        }
        pooling =
            traits.pooling == .mean
            ? .mean : .position(try PooledBlock(reader.under("encoder.layers.\(c.layers - 1)"), c))
        norm = try traits.finalNorm.map { name throws(ModelError) in
            try reader.norm(name, c.hidden, epsilon: c.epsilon)
        }
        projection = try traits.projection.map { traits throws(ModelError) in
            try Projection(source, traits, from: c.hidden, to: model.dimension)
        }
    }

    var first: TransformerBlock? { blocks.first }

    var bytes: Int {
        let pooled = if case .position(let last) = pooling { last.bytes } else { 0 }
        return blocks.reduce(pooled + (projection?.bytes ?? 0)) { $0 + $1.bytes }
    }

    /// Embeds sequences that attend to all of themselves, each pooled at the row that `ends` has for it. First states
    /// stand in `hidden` and `queryKeyValue`.
    /// - Returns: rows of which the leading ones are the embeddings before normalisation, in the sequences' order.
    func encode(
        _ context: ComputeContext, _ b: TowerBuffers, _ sequences: [TokenSequence], ends: [Int], rows: Int
    ) throws(TensorError) -> Rows {
        for (layer, block) in blocks.enumerated() {
            if layer > 0 {
                try block.project(context, b, rows: rows)
            }
            try block.attend(context, b, sequences, configuration)
            try block.finish(context, b, rows: rows)
        }
        switch pooling {
        case .position(let last):
            for (index, end) in ends.enumerated() {
                b.pooled.hidden.copyRow(end, of: b.hidden, to: index)
            }
            try last.project(context, b, rows: rows, pooled: sequences.count)
            try last.attend(context, b, sequences, configuration)
            try last.finish(context, b, pooled: sequences.count)
        case .mean: sequences.averageRows(of: b.hidden, leaving: 0, into: b.pooled.hidden)
        }
        return try finish(context, b, pooled: sequences.count)
    }

    /// Embeds texts under causal attention (CLIP): the tree's nodes are the rows, `ends` those that are pooled.
    /// - Returns: as for sequences.
    func encode(
        _ context: ComputeContext, _ b: TowerBuffers, _ tree: PrefixTree, ends: [Int], rows: Int
    ) throws(TensorError) -> Rows {
        let c = configuration
        for (layer, block) in blocks.enumerated() {
            if layer > 0 {
                try block.project(context, b, rows: rows)
            }
            for node in 0..<tree.nodes {
                try context.attention(
                    q: RowPosition(b.queryKeyValue, row: node), keyValues: b.queryKeyValue, k: c.hidden,
                    v: 2 * c.hidden,
                    over: tree.chain(node), heads: c.heads, width: c.headWidth, into: b.attended, row: node)
            }
            try block.finish(context, b, rows: rows)
        }
        guard case .position(let last) = pooling else {
            preconditionFailure("the mean over a text needs attention in both directions")
        }
        for (index, end) in ends.enumerated() {
            b.pooled.hidden.copyRow(end, of: b.hidden, to: index)
        }
        try last.project(context, b, rows: rows, pooled: ends.count)
        for (index, end) in ends.enumerated() {
            try context.attention(
                q: RowPosition(b.pooled.query, row: index), keyValues: b.keyValue, k: 0, v: c.hidden,
                over: tree.chain(end), heads: c.heads, width: c.headWidth, into: b.pooled.attended, row: index)
        }
        try last.finish(context, b, pooled: ends.count)
        return try finish(context, b, pooled: ends.count)
    }

    private func finish(_ context: ComputeContext, _ b: TowerBuffers, pooled: Int) throws(TensorError) -> Rows {
        if let norm { try context.layerNorm(norm, b.pooled.hidden, rows: pooled, into: b.pooled.hidden) }
        guard let projection else { return b.pooled.hidden }
        return try projection(context, b.pooled, rows: pooled)
    }
}
