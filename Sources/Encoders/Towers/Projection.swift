import Tensors

/// From the pooled state to the embedding: one layer, or two with GELU between.
struct Projection: Sendable {
    private let before: Linear?
    private let last: Linear

    /// Packed as f32 in every precision: embeddings differ by what it rounds.
    init(
        _ source: any TensorSource, _ traits: ProjectionTraits, from inputs: Int, to outputs: Int
    ) throws(ModelError) {
        let reader = WeightReader(source: source, prefix: "", format: .f32)
        guard let activated = traits.activated else {
            before = nil
            last = try reader.projection(traits, from: inputs, to: outputs)
            return
        }
        before = try reader.linear(activated.name, outputs: activated.columns, inputs: inputs, bias: false)
        last = try reader.linear(traits.name, outputs: outputs, inputs: activated.columns, bias: traits.hasBias)
    }

    var bytes: Int { (before?.bytes ?? 0) + last.bytes }

    /// From `hidden` to the rows it returns.
    func callAsFunction(_ context: ComputeContext, _ b: PooledBuffers, rows: Int) throws(TensorError) -> Rows {
        if let before { try context.apply(before, to: b.hidden, rows: rows, activation: .gelu, into: b.between) }
        try context.apply(last, to: before == nil ? b.hidden : b.between, rows: rows, into: b.projected)
        return b.projected
    }
}
