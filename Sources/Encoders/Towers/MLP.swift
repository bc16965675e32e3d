import Tensors

/// x += down(activation(up(norm(x)))), or with the norm after the sum; a gated one has
/// gate(x) · σ(gate(x)) · up(x) in the activation's place, and it may normalise what `down` reads.
struct MLP: Sendable {
    private let norm: BlockNorm
    /// With the gate's weights above its own where there is a gate.
    private let up: Linear
    private let down: Linear
    private let activation: Activation
    private let isGated: Bool
    private let innerNorm: LayerNorm?

    init(_ reader: WeightReader, norm name: String, _ c: TransformerConfiguration) throws(ModelError) {
        norm = try BlockNorm(reader, name, c)
        up =
            c.isGated
            ? try reader.linear(
                [LinearPart(name: "mlp.gate"), LinearPart(name: "mlp.fc1")], outputs: c.intermediate, inputs: c.hidden)
            : try reader.linear("mlp.fc1", outputs: c.intermediate, inputs: c.hidden)
        down = try reader.linear("mlp.fc2", outputs: c.hidden, inputs: c.intermediate)
        activation = c.isGated ? .none : c.activation
        isGated = c.isGated
        innerNorm = c.hasInnerNorms ? try reader.norm("mlp.norm", c.intermediate, epsilon: c.epsilon) : nil
    }

    var bytes: Int { up.bytes + down.bytes }

    func callAsFunction(
        _ context: ComputeContext, _ b: MLPBuffers, hidden: Rows, normed: Rows, rows: Int
    ) throws(TensorError) {
        try norm.read(context, hidden, rows: rows, into: normed)
        try context.apply(up, to: normed, rows: rows, activation: activation, into: b.raised)
        if isGated { context.gate(b.raised, rows: rows, into: b.gated) }
        if let innerNorm {
            try context.layerNorm(innerNorm, b.gated, rows: rows, into: b.inner)
        } else if isGated {
            context.convert(b.gated, rows: rows, into: b.inner)
        }
        try context.apply(down, to: b.inner, rows: rows, addingTo: hidden)
        try norm.leave(context, hidden, rows: rows)
    }
}

/// The memory inside of an MLP. Where nothing stands between its products, all three are the same rows.
struct MLPBuffers {
    /// What the first product makes, the gate beside it where there is one.
    let raised: Rows
    /// `[capacity, intermediate]`, f32, gated and not yet normalised.
    let gated: Rows
    /// What the last product reads, in the tower's format.
    let inner: Rows

    init(_ c: TransformerConfiguration, format: RowFormat, capacity: Int, in layout: inout RowLayout) {
        inner = Rows(format, capacity: capacity, columns: c.intermediate, in: &layout)
        gated = c.isPlain ? inner : Rows(capacity: capacity, columns: c.intermediate, in: &layout)
        raised = c.isGated ? Rows(capacity: capacity, columns: 2 * c.intermediate, in: &layout) : gated
    }

    /// Columns of all rows.
    static func columns(_ c: TransformerConfiguration) -> [Int] {
        [c.intermediate] + (c.isPlain ? [] : [c.intermediate]) + (c.isGated ? [2 * c.intermediate] : [])
    }
}

extension TransformerConfiguration {
    /// Whether an MLP's second product reads what its first one makes.
    fileprivate var isPlain: Bool { !isGated && !hasInnerNorms }
}
