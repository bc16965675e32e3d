import Tensors

/// The norm of one half of a block, f: x + f(norm(x)), or norm(x + f(x)).
struct BlockNorm: Sendable {
    let norm: LayerNorm
    let placement: TransformerConfiguration.NormPlacement

    init(_ reader: WeightReader, _ name: String, _ c: TransformerConfiguration) throws(ModelError) {
        norm = try reader.norm(name, c.hidden, epsilon: c.epsilon)
        placement = c.normPlacement
    }

    /// What the half reads, in the destination's format.
    func read(_ context: ComputeContext, _ source: Rows, rows: Int, into destination: Rows) throws(TensorError) {
        switch placement {
        case .before: try context.layerNorm(norm, source, rows: rows, into: destination)
        case .after: context.convert(source, rows: rows, into: destination)
        }
    }

    /// The sum that the half leaves, in its place.
    func leave(_ context: ComputeContext, _ sum: Rows, rows: Int) throws(TensorError) {
        if placement == .after { try context.layerNorm(norm, sum, rows: rows, into: sum) }
    }
}

/// A transformer block: x += out(attention(norm(x))); x += down(activation(up(norm(x)))), with the norms before, as
/// written, or after the sums.
///
/// The queries' weights carry the factor 1/√width, so that attention need not scale.
struct TransformerBlock: Sendable {
    let attentionNorm: BlockNorm
    /// q, k and v of a row, side by side: `[hidden → 3 × hidden]`.
    let queryKeyValue: Linear
    /// How q and k of patches are turned.
    let rotation: Rotation?
    let heads: Int
    let out: AttentionOutput
    let mlp: MLP

    init(_ reader: WeightReader, _ c: TransformerConfiguration, _ rotation: Rotation? = nil) throws(ModelError) {
        attentionNorm = try BlockNorm(reader, "layer_norm1", c)
        queryKeyValue = try reader.under("self_attn").linear(
            [.query(c), .key(c), LinearPart(name: "v_proj")], outputs: c.hidden, inputs: c.hidden)
        self.rotation = rotation
        heads = c.heads
        out = try AttentionOutput(reader.under("self_attn"), c)
        mlp = try MLP(reader, norm: "layer_norm2", c)
    }

    var bytes: Int { queryKeyValue.bytes + out.bytes + mlp.bytes }

    /// The first half up to q, k and v: from `hidden` to `queryKeyValue`.
    func project(_ context: ComputeContext, _ b: TowerBuffers, rows: Int) throws(TensorError) {
        try attentionNorm.read(context, b.hidden, rows: rows, into: b.normed)
        try context.apply(queryKeyValue, to: b.normed, rows: rows, into: b.queryKeyValue)
        turn(context, b.queryKeyValue, rows: rows, places: b.places)
    }

    /// Turns q and k by their rows' places, in rows of q, k and v.
    func turn(_ context: ComputeContext, _ queryKeyValue: Rows, rows: Int, places: [Int32]) {
        guard let rotation else { return }
        context.rotate(queryKeyValue, rows: rows, heads: 2 * heads, by: rotation, places: places)
    }

    /// The rest: from `attended`, attention's result, to `hidden`.
    func finish(_ context: ComputeContext, _ b: TowerBuffers, rows: Int) throws(TensorError) {
        try out(context, b.attended, mixed: b.mixed, rows: rows, addingTo: b.hidden)
        try attentionNorm.leave(context, b.hidden, rows: rows)
        try mlp(context, b.mlp, hidden: b.hidden, normed: b.normed, rows: rows)
    }
}

/// A block of which only some rows' results are needed: all rows give keys and values, the pooled rows do the rest. The
/// pooled rows are not patches, so that their queries are not turned.
struct PooledBlock: Sendable {
    let attentionNorm: BlockNorm
    let query: Linear
    /// k and v of a row, side by side: `[hidden → 2 × hidden]`.
    let keyValue: Linear
    /// How k of patches is turned.
    let rotation: Rotation?
    let heads: Int
    let out: AttentionOutput
    let mlp: MLP

    init(_ reader: WeightReader, _ c: TransformerConfiguration, _ rotation: Rotation? = nil) throws(ModelError) {
        attentionNorm = try BlockNorm(reader, "layer_norm1", c)
        query = try reader.under("self_attn").linear([.query(c)], outputs: c.hidden, inputs: c.hidden)
        keyValue = try reader.under("self_attn").linear(
            [.key(c), LinearPart(name: "v_proj")], outputs: c.hidden, inputs: c.hidden)
        self.rotation = rotation
        heads = c.heads
        out = try AttentionOutput(reader.under("self_attn"), c)
        mlp = try MLP(reader, norm: "layer_norm2", c)
    }

    var bytes: Int { query.bytes + keyValue.bytes + out.bytes + mlp.bytes }

    /// Keys and values of all rows, queries of the pooled ones: from `hidden` and `pooled.hidden` to `keyValue` and
    /// `pooled.query`.
    func project(_ context: ComputeContext, _ b: TowerBuffers, rows: Int, pooled: Int) throws(TensorError) {
        try attentionNorm.read(context, b.hidden, rows: rows, into: b.normed)
        try context.apply(keyValue, to: b.normed, rows: rows, into: b.keyValue)
        if let rotation { context.rotate(b.keyValue, rows: rows, heads: heads, by: rotation, places: b.places) }
        try attentionNorm.read(context, b.pooled.hidden, rows: pooled, into: b.pooled.normed)
        try context.apply(query, to: b.pooled.normed, rows: pooled, into: b.pooled.query)
    }

    /// The rest: from `pooled.attended` to `pooled.hidden`.
    func finish(_ context: ComputeContext, _ b: TowerBuffers, pooled: Int) throws(TensorError) {
        let p = b.pooled
        try out(context, p.attended, mixed: p.mixed, rows: pooled, addingTo: p.hidden)
        try attentionNorm.leave(context, p.hidden, rows: pooled)
        try mlp(context, p.mlp, hidden: p.hidden, normed: p.normed, rows: pooled)
    }
}

extension LinearPart {
    fileprivate static func query(_ c: TransformerConfiguration) -> LinearPart {
        LinearPart(name: "q_proj", scale: 1 / Float(c.headWidth).squareRoot(), pairedHeads: c.pairedHeads)
    }

    fileprivate static func key(_ c: TransformerConfiguration) -> LinearPart {
        LinearPart(name: "k_proj", hasBias: c.hasKeyBias, pairedHeads: c.pairedHeads)
    }
}

extension TransformerConfiguration {
    /// The width of heads whose queries and keys are turned.
    fileprivate var pairedHeads: Int? { rotary == nil ? nil : headWidth }
}

/// What follows attention: x += out(a), or x += out(norm(a)).
struct AttentionOutput: Sendable {
    private let norm: LayerNorm?
    private let out: Linear

    init(_ reader: WeightReader, _ c: TransformerConfiguration) throws(ModelError) {
        norm = c.hasInnerNorms ? try reader.norm("norm", c.hidden, epsilon: c.epsilon) : nil
        out = try reader.linear("out_proj", outputs: c.hidden, inputs: c.hidden)
    }

    var bytes: Int { out.bytes }

    /// - Parameters:
    ///   - attended: attention's result; the same rows as `mixed` where it is not normalised.
    ///   - mixed: what `out` reads.
    func callAsFunction(
        _ context: ComputeContext, _ attended: Rows, mixed: Rows, rows: Int, addingTo hidden: Rows
    ) throws(TensorError) {
        if let norm { try context.layerNorm(norm, attended, rows: rows, into: mixed) }
        try context.apply(out, to: mixed, rows: rows, addingTo: hidden)
    }
}
