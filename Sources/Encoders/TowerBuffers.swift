import Tensors

/// The memory of one tower on one compute thread. Rows that enter a product have the tower's format; the residual stream
/// and what attention reads are f32.
final class TowerBuffers {
    /// Rows of all sequences of a micro-batch.
    let capacity: Int
    /// The residual stream `[capacity, hidden]`.
    let hidden: Rows
    let queryKeyValue: Rows
    let keyValue: Rows
    let normed: Rows
    /// Attention's result.
    let mixed: Rows
    let inner: Rows
    let pooled: PooledBuffers

    init(_ c: TransformerConfiguration, format: RowFormat, capacity: Int, pooled: Int, dimension: Int) {
        self.capacity = capacity
        hidden = Rows(capacity: capacity, columns: c.hidden)
        queryKeyValue = Rows(capacity: capacity, columns: 3 * c.hidden)
        keyValue = Rows(capacity: capacity, columns: 2 * c.hidden)
        normed = Rows(format, capacity: capacity, columns: c.hidden)
        mixed = Rows(format, capacity: capacity, columns: c.hidden)
        inner = Rows(format, capacity: capacity, columns: c.intermediate)
        self.pooled = PooledBuffers(c, format: format, capacity: pooled, dimension: dimension)
    }
}

/// The memory for the rows that are pooled, one per sequence.
final class PooledBuffers {
    let capacity: Int
    let hidden: Rows
    let query: Rows
    let normed: Rows
    let mixed: Rows
    let inner: Rows
    /// `[capacity, dimension]`, the embeddings before normalisation.
    let projected: Rows

    init(_ c: TransformerConfiguration, format: RowFormat, capacity: Int, dimension: Int) {
        self.capacity = capacity
        hidden = Rows(capacity: capacity, columns: c.hidden)
        query = Rows(capacity: capacity, columns: c.hidden)
        normed = Rows(format, capacity: capacity, columns: c.hidden)
        mixed = Rows(format, capacity: capacity, columns: c.hidden)
        inner = Rows(format, capacity: capacity, columns: c.intermediate)
        projected = Rows(capacity: capacity, columns: dimension)
    }
}
