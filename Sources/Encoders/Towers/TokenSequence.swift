import Tensors

/// Rows that attend to each other: one input of a micro-batch.
struct TokenSequence: Sendable {
    let firstRow: Int
    let count: Int
}

extension [TokenSequence] {
    /// The mean of each sequence's rows but the first `leaving`, one row for each in `result`.
    func averageRows(of hidden: Rows, leaving: Int, into result: Rows) {
        let columns = hidden.columns
        for (index, sequence) in enumerated() {
            let rows = sequence.firstRow + leaving..<sequence.firstRow + sequence.count
            for column in 0..<columns {
                var sum: Float = 0
                for row in rows { sum += hidden.floats[row * columns + column] }
                result.floats[index * columns + column] = sum / Float(rows.count)
            }
        }
    }
}

extension TransformerBlock {
    /// Attention of all rows of each sequence over each other: from `queryKeyValue` to `mixed`.
    func attend(
        _ context: ComputeContext, _ b: TowerBuffers, _ sequences: [TokenSequence], _ c: TransformerConfiguration
    ) throws(TensorError) {
        for sequence in sequences {
            let row = sequence.firstRow
            try context.attention(
                q: RowPosition(b.queryKeyValue, row: row), queries: sequence.count,
                k: RowPosition(b.queryKeyValue, row: row, column: c.hidden), v: 2 * c.hidden, keys: sequence.count,
                heads: c.heads, width: c.headWidth, into: b.attended, row: row)
        }
    }
}

extension PooledBlock {
    /// Attention of each sequence's pooled row over the whole sequence: from `keyValue` to `pooled.mixed`.
    func attend(
        _ context: ComputeContext, _ b: TowerBuffers, _ sequences: [TokenSequence], _ c: TransformerConfiguration
    ) throws(TensorError) {
        for (index, sequence) in sequences.enumerated() {
            try context.attention(
                q: RowPosition(b.pooled.query, row: index), queries: 1,
                k: RowPosition(b.keyValue, row: sequence.firstRow), v: c.hidden, keys: sequence.count,
                heads: c.heads, width: c.headWidth, into: b.pooled.attended, row: index)
        }
    }
}
