import Tensors

/// The sizes on which the memory of a tower depends.
struct TowerShape: Sendable {
    let transformer: TransformerConfiguration
    /// The sizes of the blocks that compute pooled rows only.
    let pooled: TransformerConfiguration
    /// Columns between the layers of the projection, where it has two.
    let between: Int
    let dimension: Int
}

/// The memory of one tower on one compute thread. Rows that enter a product have the tower's format; the residual
/// stream and what attention reads are f32. Nothing in it outlasts a micro-batch: the towers and formats of a workspace
/// lie over each other.
final class TowerBuffers {
    /// Rows of all sequences of a micro-batch.
    let capacity: Int
    /// The residual stream `[capacity, hidden]`.
    let hidden: Rows
    let queryKeyValue: Rows
    /// Keys and values of the last layer, in the place of the others' ``queryKeyValue``.
    let keyValue: Rows
    let normed: Rows
    /// Attention's result: `mixed`, or f32 rows where that is normalised before.
    let attended: Rows
    /// What the product after attention reads.
    let mixed: Rows
    let mlp: MLPBuffers
    let pooled: PooledBuffers
    /// The patch of each row, or −1 where it is none.
    var places: [Int32]

    /// - Precondition: `memory` has the bytes that ``bytes(_:capacity:pooled:)`` says.
    init(_ shape: TowerShape, format: RowFormat, capacity: Int, pooled: Int, in memory: RowMemory) {
        let c = shape.transformer
        self.capacity = capacity
        var layout = RowLayout(in: memory)
        hidden = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        var last = layout
        queryKeyValue = Rows(capacity: capacity, columns: 3 * c.hidden, in: &layout)
        keyValue = Rows(capacity: capacity, columns: 2 * c.hidden, in: &last)
        normed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        mixed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        attended = c.hasInnerNorms ? Rows(capacity: capacity, columns: c.hidden, in: &layout) : mixed
        mlp = MLPBuffers(c, format: format, capacity: capacity, in: &layout)
        self.pooled = PooledBuffers(shape, format: format, capacity: pooled, in: &layout)
        places = [Int32](repeating: -1, count: capacity)
    }

    /// What they take in f32, the largest format.
    static func bytes(_ shape: TowerShape, capacity: Int, pooled: Int) -> Int {
        columns(shape.transformer).reduce(PooledBuffers.bytes(shape, capacity: pooled)) {
            $0 + RowLayout.bytes(capacity: capacity, columns: $1)
        }
    }

    /// Columns of all rows but the pooled ones.
    static func columns(_ c: TransformerConfiguration) -> [Int] {
        [c.hidden, 3 * c.hidden, c.hidden, c.hidden] + (c.hasInnerNorms ? [c.hidden] : []) + MLPBuffers.columns(c)
    }
}

/// The memory for the rows that are pooled, one per sequence.
final class PooledBuffers {
    let capacity: Int
    let hidden: Rows
    let query: Rows
    let normed: Rows
    let attended: Rows
    let mixed: Rows
    let mlp: MLPBuffers
    /// What stands between the projection's layers.
    let between: Rows
    /// `[capacity, dimension]`, the embeddings before normalisation.
    let projected: Rows

    init(_ shape: TowerShape, format: RowFormat, capacity: Int, in layout: inout RowLayout) {
        let c = shape.pooled
        self.capacity = capacity
        hidden = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        query = Rows(capacity: capacity, columns: c.hidden, in: &layout)
        normed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        mixed = Rows(format, capacity: capacity, columns: c.hidden, in: &layout)
        attended = c.hasInnerNorms ? Rows(capacity: capacity, columns: c.hidden, in: &layout) : mixed
        mlp = MLPBuffers(c, format: format, capacity: capacity, in: &layout)
        between = Rows(capacity: capacity, columns: shape.between, in: &layout)
        projected = Rows(capacity: capacity, columns: shape.dimension, in: &layout)
    }

    static func bytes(_ shape: TowerShape, capacity: Int) -> Int {
        columns(shape).reduce(0) { $0 + RowLayout.bytes(capacity: capacity, columns: $1) }
    }

    static func columns(_ shape: TowerShape) -> [Int] {
        let c = shape.pooled
        return [c.hidden, c.hidden, c.hidden, c.hidden, shape.between, shape.dimension]
            + (c.hasInnerNorms ? [c.hidden] : []) + MLPBuffers.columns(c)
    }
}

extension ModelConfiguration {
    var visionShape: TowerShape {
        TowerShape(
            transformer: vision.transformer,
            pooled: family.vision.pooling == .attention ? vision.headTransformer : vision.transformer,
            between: 0, dimension: dimension)
    }

    var textShape: TowerShape {
        TowerShape(
            transformer: text.transformer, pooled: text.transformer,
            between: family.text.projection?.activated?.columns ?? 0, dimension: dimension)
    }
}

extension VisionConfiguration {
    /// The sizes of the head that pools by attention, as a block's.
    var headTransformer: TransformerConfiguration {
        var result = transformer
        result.heads = poolingHead.heads
        result.intermediate = poolingHead.intermediate
        result.isGated = false
        result.hasInnerNorms = false
        result.rotary = nil
        return result
    }
}
