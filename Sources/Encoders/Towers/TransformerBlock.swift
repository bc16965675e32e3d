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
    let out: Linear
    let mlp: MLP

    init(_ reader: WeightReader, _ c: TransformerConfiguration) throws(ModelError) {
        attentionNorm = try BlockNorm(reader, "layer_norm1", c)
        let scale = 1 / Float(c.headWidth).squareRoot()
        queryKeyValue = try reader.under("self_attn").linear(
            [("q_proj", scale), ("k_proj", 1), ("v_proj", 1)], outputs: c.hidden, inputs: c.hidden)
        out = try reader.linear("self_attn.out_proj", outputs: c.hidden, inputs: c.hidden)
        mlp = try MLP(reader, norm: "layer_norm2", c)
    }

    var bytes: Int { queryKeyValue.bytes + out.bytes + mlp.bytes }

    /// The first half up to q, k and v: from `hidden` to `queryKeyValue`.
    func project(_ context: ComputeContext, _ b: TowerBuffers, rows: Int) throws(TensorError) {
        try attentionNorm.read(context, b.hidden, rows: rows, into: b.normed)
        try context.apply(queryKeyValue, to: b.normed, rows: rows, into: b.queryKeyValue)
    }

    /// The rest: from `mixed`, attention's result, to `hidden`.
    func finish(_ context: ComputeContext, _ b: TowerBuffers, rows: Int) throws(TensorError) {
        try context.apply(out, to: b.mixed, rows: rows, addingTo: b.hidden)
        try attentionNorm.leave(context, b.hidden, rows: rows)
        try mlp(context, hidden: b.hidden, normed: b.normed, inner: b.inner, rows: rows)
    }
}

/// A block of which only some rows' results are needed: all rows give keys and values, the pooled rows do the rest.
struct PooledBlock: Sendable {
    let attentionNorm: BlockNorm
    let query: Linear
    /// k and v of a row, side by side: `[hidden → 2 × hidden]`.
    let keyValue: Linear
    let out: Linear
    let mlp: MLP

    init(_ reader: WeightReader, _ c: TransformerConfiguration) throws(ModelError) {
        attentionNorm = try BlockNorm(reader, "layer_norm1", c)
        let scale = 1 / Float(c.headWidth).squareRoot()
        query = try reader.under("self_attn").linear([("q_proj", scale)], outputs: c.hidden, inputs: c.hidden)
        keyValue = try reader.under("self_attn").linear(
            [("k_proj", 1), ("v_proj", 1)], outputs: c.hidden, inputs: c.hidden)
        out = try reader.linear("self_attn.out_proj", outputs: c.hidden, inputs: c.hidden)
        mlp = try MLP(reader, norm: "layer_norm2", c)
    }

    var bytes: Int { query.bytes + keyValue.bytes + out.bytes + mlp.bytes }

    /// Keys and values of all rows, queries of the pooled ones: from `hidden` and `pooled.hidden` to `keyValue` and
    /// `pooled.query`.
    func project(_ context: ComputeContext, _ b: TowerBuffers, rows: Int, pooled: Int) throws(TensorError) {
        try attentionNorm.read(context, b.hidden, rows: rows, into: b.normed)
        try context.apply(keyValue, to: b.normed, rows: rows, into: b.keyValue)
        try attentionNorm.read(context, b.pooled.hidden, rows: pooled, into: b.pooled.normed)
        try context.apply(query, to: b.pooled.normed, rows: pooled, into: b.pooled.query)
    }

    /// The rest: from `pooled.mixed` to `pooled.hidden`.
    func finish(_ context: ComputeContext, _ b: TowerBuffers, pooled: Int) throws(TensorError) {
        let p = b.pooled
        try context.apply(out, to: p.mixed, rows: pooled, addingTo: p.hidden)
        try attentionNorm.leave(context, p.hidden, rows: pooled)
        try mlp(context, hidden: p.hidden, normed: p.normed, inner: p.inner, rows: pooled)
    }
}

/// x += down(activation(up(norm(x)))), or with the norm after the sum.
struct MLP: Sendable {
    let norm: BlockNorm
    let up: Linear
    let down: Linear
    let activation: Activation

    init(_ reader: WeightReader, norm name: String, _ c: TransformerConfiguration) throws(ModelError) {
        norm = try BlockNorm(reader, name, c)
        up = try reader.linear("mlp.fc1", outputs: c.intermediate, inputs: c.hidden)
        down = try reader.linear("mlp.fc2", outputs: c.hidden, inputs: c.intermediate)
        activation = c.activation
    }

    var bytes: Int { up.bytes + down.bytes }

    func callAsFunction(
        _ context: ComputeContext, hidden: Rows, normed: Rows, inner: Rows, rows: Int
    ) throws(TensorError) {
        try norm.read(context, hidden, rows: rows, into: normed)
        try context.apply(up, to: normed, rows: rows, activation: activation, into: inner)
        try context.apply(down, to: inner, rows: rows, addingTo: hidden)
        try norm.leave(context, hidden, rows: rows)
    }
}
