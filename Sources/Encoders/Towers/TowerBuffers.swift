import Tensors

/// The memory of one tower on one compute thread. Rows that enter a product have the tower's format; the residual
/// stream and what attention reads are f32. Nothing in it outlasts a micro-batch: the towers and formats of a workspace
/// lie over each other.
final class TowerBuffers {
    /// Rows of all sequences of a micro-batch.
    let capacity: Int
    /// The residual stream `[capacity, hidden]`.
    let hidden: Rows
    let queryKeyValue: Rows
    /// Of the last layer, in the place of the others' ``queryKeyValue``.
    let keyValue: Rows
    let normed: Rows
    /// Attention's result.
    let mixed: Rows
    let inner: Rows
    let pooled: PooledBuffers

    /// - Precondition: `memory` has the bytes that ``bytes(_:capacity:pooled:dimension:)`` says.
    init(
        _ c: TransformerConfiguration, format: RowFormat, capacity: Int, pooled: Int, dimension: Int,
        in memory: RowMemory
    ) {
        self.capacity = capacity
        var layout = RowLayout(in: memory)
        hidden = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        var last = layout
        queryKeyValue = Rows(capacity: capacity, columns: 3 * c.hidden, in: &layout)
        keyValue = Rows(capacity: capacity, columns: 2 * c.hidden, in: &last)
        normed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        mixed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        inner = Rows(format, capacity: capacity, columns: c.intermediate, in: &layout)
        self.pooled = PooledBuffers(c, format: format, capacity: pooled, dimension: dimension, in: &layout)
    }

    /// What they take in f32, the largest format.
    static func bytes(_ c: TransformerConfiguration, capacity: Int, pooled: Int, dimension: Int) -> Int {
        let columns = [c.hidden, 3 * c.hidden, c.hidden, c.hidden, c.intermediate]
        return columns.reduce(PooledBuffers.bytes(c, capacity: pooled, dimension: dimension)) {
            $0 + RowLayout.bytes(capacity: capacity, columns: $1)
        }
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

    init(_ c: TransformerConfiguration, format: RowFormat, capacity: Int, dimension: Int, in layout: inout RowLayout) {
        self.capacity = capacity
        hidden = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        query = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        normed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        mixed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        inner = Rows(format, capacity: capacity, columns: c.intermediate, in: &layout)
        projected = Rows(capacity: capacity, columns: dimension, in: &layout)
    }

    static func bytes(_ c: TransformerConfiguration, capacity: Int, dimension: Int) -> Int {
        [c.hidden, c.hidden, c.hidden, c.hidden, c.intermediate, dimension].reduce(0) {
            $0 + RowLayout.bytes(capacity: capacity, columns: $1)
        }
    }
}
