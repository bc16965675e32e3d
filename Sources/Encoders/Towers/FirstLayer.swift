import Tensors

/// What the first block needs of each token of one input: the residual stream and q, k, v.
///
/// Both depend on the token alone, not on the others, so they are computed once per token and state (present, absent)
/// and shared by all masks.
struct TokenStates: Sendable {
    /// `[tokens, hidden]`
    let hidden: [Float]
    /// `[tokens, 3 × hidden]`; empty if the only block is the pooled one, which computes its own.
    let queryKeyValue: [Float]
    let tokens: Int

    /// - Parameters:
    ///   - hidden: the embedded tokens, `[tokens, hidden]`.
    ///   - leading: tokens that stand before the patches of an image; of a text none has a place to be turned by.
    init(
        _ context: ComputeContext, hidden: Rows, tokens: Int, first: TransformerBlock?, leading: Int = 0
    ) throws(TensorError) {
        self.tokens = tokens
        self.hidden = hidden.array(rows: tokens)
        guard let first else {
            queryKeyValue = []
            return
        }
        let normed = Rows(first.queryKeyValue.format, capacity: tokens, columns: hidden.columns)
        let projected = Rows(capacity: tokens, columns: 3 * hidden.columns)
        try first.attentionNorm.read(context, hidden, rows: tokens, into: normed)
        try context.apply(first.queryKeyValue, to: normed, rows: tokens, into: projected)
        first.turn(context, projected, rows: tokens, places: (0..<tokens).map { Int32($0 - leading) })
        queryKeyValue = projected.array(rows: tokens)
    }

    /// Places one token's states in a tower's buffers.
    func place(_ token: Int, in buffers: TowerBuffers, row: Int) {
        buffers.hidden.copyRow(token, of: hidden, to: row)
        if !queryKeyValue.isEmpty {
            buffers.queryKeyValue.copyRow(token, of: queryKeyValue, to: row)
        }
    }
}
