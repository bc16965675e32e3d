import Tensors

/// The head of SigLIP and Perception Encoder: a learned probe attends to all tokens; h = attention; h + mlp(norm(h)).
///
/// The probe's query is the same for every image, so it is computed once, when the model is loaded.
struct AttentionPooling: Sendable {
    /// `[hidden]`, scaled by 1/√width.
    private let query: [Float]
    private let heads: Int
    private let headWidth: Int
    private let keyValue: Linear
    private let out: Linear
    private let mlp: MLP

    /// - Parameter c: the head's own sizes.
    init(_ reader: WeightReader, _ c: TransformerConfiguration) throws(ModelError) {
        let h = c.hidden
        // Packed in the order q, k, v, one below the other.
        let weights = try reader.floats("attention.in_proj_weight", 3 * h, h)
        let bias = try reader.floats("attention.in_proj_bias", 3 * h)
        let probe = try reader.floats("probe", 1, 1, h)
        heads = c.heads
        headWidth = c.headWidth
        let scale = 1 / Float(c.headWidth).squareRoot()
        query = (0..<h).map { output in
            var sum = Double(bias[output])
            for input in 0..<h { sum += Double(weights[output * h + input]) * Double(probe[input]) }
            return Float(sum) * scale
        }
        keyValue = try reader.pack(Array(weights[(h * h)...]), bias: Array(bias[h...]), outputs: 2 * h, inputs: h)
        out = try reader.linear("attention.out_proj", outputs: h, inputs: h)
        mlp = try MLP(reader, norm: "layernorm", c)
    }

    var bytes: Int { keyValue.bytes + out.bytes + mlp.bytes }

    /// From the normalised tokens in `normed` to one row per sequence in `pooled.hidden`.
    func callAsFunction(
        _ context: ComputeContext, _ b: TowerBuffers, _ sequences: [TokenSequence], rows: Int
    ) throws(TensorError) {
        let p = b.pooled
        try context.apply(keyValue, to: b.normed, rows: rows, into: b.keyValue)
        p.query.copyRow(0, of: query, to: 0)
        for (index, sequence) in sequences.enumerated() {
            try context.attention(
                q: RowPosition(p.query), queries: 1, k: RowPosition(b.keyValue, row: sequence.firstRow),
                v: heads * headWidth,
                keys: sequence.count, heads: heads, width: headWidth, into: p.mixed, row: index)
        }
        try context.apply(out, to: p.mixed, rows: sequences.count, into: p.hidden)
        try mlp(context, p.mlp, hidden: p.hidden, normed: p.normed, rows: sequences.count)
    }
}
