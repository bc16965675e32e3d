// Tensors: weights read where they lie, and the operations of a transformer on them, one thread at a time.

import COneDNN

/// The operations of a transformer on one compute thread, and the primitives and scratch memory they keep.
///
/// A context belongs to one thread at a time. Nothing here starts a thread; others may serve a ``ComputeTeam``. Memory
/// is taken on first use of a shape and kept, so that repeated work allocates nothing. A row's result never depends on
/// how many rows are computed with it.
package final class ComputeContext {
    private let context: OpaquePointer
    /// Asked before each matrix product, which then fails with ``TensorError/cancelled``.
    package var isCancelled: () -> Bool = { false }

    package init() throws(TensorError) {
        var created: OpaquePointer?
        var message = ErrorMessage()
        guard cdnn_context_create(&created, &message.text) == 0, let created else {
            throw .library(reason: message.string)
        }
        context = created
    }

    deinit {
        cdnn_context_destroy(context)
    }

    func withPointer(_ body: (OpaquePointer) -> Void) { body(context) }

    /// Keeps oneDNN's products on the calling thread. To be called on a thread before its first product.
    package func useCallingThreadOnly() {
        cdnn_use_calling_thread_only()
    }

    /// destination = activation(source · weightsᵀ + bias), for the first `rows` rows.
    /// - Throws: ``TensorError/library(reason:)``, ``TensorError/cancelled``.
    package func apply(
        _ linear: Linear, to source: Rows, rows: Int, activation: Activation = .none, into destination: Rows
    ) throws(TensorError) {
        try product(linear, source, rows, activation, accumulate: false, destination)
    }

    /// destination += source · weightsᵀ + bias, for the first `rows` rows.
    /// - Throws: ``TensorError/library(reason:)``, ``TensorError/cancelled``.
    package func apply(
        _ linear: Linear, to source: Rows, rows: Int, addingTo destination: Rows
    ) throws(TensorError) {
        precondition(destination.format == .f32)
        try product(linear, source, rows, .none, accumulate: true, destination)
    }

    private func product(
        _ linear: Linear, _ source: Rows, _ rows: Int, _ activation: Activation, accumulate: Bool,
        _ destination: Rows
    ) throws(TensorError) {
        precondition(source.format == linear.format && source.columns == linear.inputs && rows <= source.capacity)
        precondition(destination.columns == linear.outputs && rows <= destination.capacity)
        // Products end in the format they start in, or in f32.
        precondition(destination.format == .f32 || destination.format == linear.format)
        guard rows > 0 else { return }
        if isCancelled() { throw .cancelled }
        let failure: String? = withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(CDNN_ERROR_LENGTH)) { text in
            let status = cdnn_linear(
                context, linear.matrix, source.view, Int64(rows), destination.view, activation.code, accumulate,
                text.baseAddress)
            guard status != 0 else { return nil }
            return String(decoding: text.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        }
        if let failure { throw .library(reason: failure) }
    }

    /// Normalises the first `rows` rows of `source` into `destination`, in its format.
    /// - Throws: ``TensorError/outOfMemory(operation:)``.
    package func layerNorm(
        _ norm: LayerNorm, _ source: Rows, rows: Int, into destination: Rows
    ) throws(TensorError) {
        precondition(source.format == .f32 && source.columns == destination.columns)
        precondition(norm.weight.count == source.columns)
        precondition(rows <= source.capacity && rows <= destination.capacity)
        let status = norm.weight.withUnsafeBufferPointer { weight in
            norm.bias.withUnsafeBufferPointer { bias in
                cdnn_layer_norm(
                    context, source.floats.baseAddress, Int64(rows), weight.baseAddress, bias.baseAddress, norm.epsilon,
                    destination.view)
            }
        }
        guard status == 0 else { throw .outOfMemory(operation: "layer normalisation") }
    }

    /// Stores the first `rows` f32 rows of `source` in the destination's format.
    package func convert(_ source: Rows, rows: Int, into destination: Rows) {
        precondition(source.format == .f32 && source.columns == destination.columns)
        precondition(rows <= source.capacity && rows <= destination.capacity)
        cdnn_convert_rows(source.floats.baseAddress, Int64(rows), destination.view)
    }

    /// Multi-head attention softmax(q kᵀ) v of some rows over others, head by head. The queries are scaled already.
    ///
    /// - Parameters:
    ///   - q: where the queries begin: rows `q.row ..< q.row + queries`, columns `q.column ..< q.column + heads ×
    ///     width`.
    ///   - k: where the keys begin, likewise, in the same rows object as `v`.
    ///   - v: the column where the values begin.
    ///   - row: the row of `destination` that takes the first query's result.
    /// - Throws: ``TensorError/outOfMemory(operation:)``.
    package func attention(
        q: RowPosition, queries: Int, k: RowPosition, v: Int, keys: Int, heads: Int, width: Int,
        into destination: Rows, row: Int
    ) throws(TensorError) {
        precondition(destination.columns == heads * width && row + queries <= destination.capacity && keys > 0)
        precondition(q.row + queries <= q.rows.capacity && q.column + heads * width <= q.rows.columns)
        precondition(k.row + keys <= k.rows.capacity && max(k.column, v) + heads * width <= k.rows.columns)
        guard let qs = q.rows.floats.baseAddress, let ks = k.rows.floats.baseAddress else { return }
        let stride = k.rows.columns
        let status = cdnn_attention(
            context, qs + q.row * q.rows.columns + q.column, Int64(q.rows.columns), Int64(queries),
            ks + k.row * stride + k.column, ks + k.row * stride + v, Int64(stride), Int64(keys), Int64(heads),
            Int64(width), destination.view, Int64(row))
        guard status == 0 else { throw .outOfMemory(operation: "attention over \(keys) rows") }
    }

    /// Attention of one query over chosen rows, for sequences that share rows.
    ///
    /// - Parameters:
    ///   - q: the query's row and first column.
    ///   - k: the column in `keyValues` where keys begin; `v`: the column where values begin.
    ///   - indices: the rows of `keyValues` to attend to.
    /// - Throws: ``TensorError/outOfMemory(operation:)``.
    package func attention(
        q: RowPosition, keyValues: Rows, k: Int, v: Int, over indices: ArraySlice<Int32>, heads: Int, width: Int,
        into destination: Rows, row: Int
    ) throws(TensorError) {
        precondition(destination.columns == heads * width && row < destination.capacity && !indices.isEmpty)
        precondition(q.row < q.rows.capacity && q.column + heads * width <= q.rows.columns)
        precondition(max(k, v) + heads * width <= keyValues.columns)
        guard let qs = q.rows.floats.baseAddress, let ks = keyValues.floats.baseAddress else { return }
        let status = indices.withUnsafeBufferPointer { indices in
            cdnn_attention_over(
                context, qs + q.row * q.rows.columns + q.column, ks + k, ks + v, Int64(keyValues.columns),
                indices.baseAddress, Int64(indices.count), Int64(heads), Int64(width), destination.view, Int64(row))
        }
        guard status == 0 else { throw .outOfMemory(operation: "attention over \(indices.count) rows") }
    }
}

/// A row and a column of some rows: where an operand begins.
package struct RowPosition {
    package let rows: Rows
    package let row: Int
    package let column: Int

    package init(_ rows: Rows, row: Int = 0, column: Int = 0) {
        self.rows = rows
        self.row = row
        self.column = column
    }
}
