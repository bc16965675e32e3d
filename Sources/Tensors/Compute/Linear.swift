import COneDNN

/// The function applied to each element of a product after its bias.
package enum Activation: Sendable {
    case none
    /// x · σ(1.702 x)
    case quickGELU
    /// x · Φ(x)
    case gelu
    /// GELU's tanh approximation
    case geluTanh

    var code: cdnn_activation {
        switch self {
        case .none: CDNN_NONE
        case .quickGELU: CDNN_QUICK_GELU
        case .gelu: CDNN_GELU_ERF
        case .geluTanh: CDNN_GELU_TANH
        }
    }
}

/// A linear layer's weights, packed once in the layout that its products take.
///
/// The format decides how its products are computed: ``RowFormat/f32``, ``RowFormat/bf16``, or ``RowFormat/u8`` for
/// integer weights with a scale per output, applied to 8-bit rows with a scale and a zero point each.
// Unchecked: the packed weights are written in the initialiser only, and products read them without changing them.
package final class Linear: @unchecked Sendable {
    package let inputs: Int
    package let outputs: Int
    package let format: RowFormat
    let matrix: OpaquePointer

    /// - Parameters:
    ///   - weights: `[outputs, inputs]`, row by row.
    ///   - bias: `[outputs]`.
    package init(
        weights: UnsafeBufferPointer<Float>, bias: [Float]?, outputs: Int, inputs: Int, format: RowFormat
    ) throws(TensorError) {
        precondition(weights.count == outputs * inputs && (bias.map { $0.count == outputs } ?? true))
        self.inputs = inputs
        self.outputs = outputs
        self.format = format
        let code: cdnn_format =
            switch format {
            case .f32: CDNN_F32
            case .bf16: CDNN_BF16
            case .u8: CDNN_U8
            }
        var created: OpaquePointer?
        var message = ErrorMessage()
        let status =
            if let bias {
                bias.withUnsafeBufferPointer { bias in
                    cdnn_matrix_create(
                        &created, weights.baseAddress, bias.baseAddress, Int64(outputs), Int64(inputs), code,
                        &message.text)
                }
            } else {
                cdnn_matrix_create(
                    &created, weights.baseAddress, nil, Int64(outputs), Int64(inputs), code, &message.text)
            }
        guard status == 0, let created else { throw .library(reason: message.string) }
        matrix = created
    }

    /// - Parameters:
    ///   - weights: `[outputs, inputs]`, row by row.
    ///   - bias: `[outputs]`.
    package convenience init(
        weights: [Float], bias: [Float]?, outputs: Int, inputs: Int, format: RowFormat
    ) throws(TensorError) {
        let copy = UnsafeMutableBufferPointer<Float>.allocate(capacity: weights.count)
        defer { copy.deallocate() }
        _ = copy.initialize(from: weights)
        try self.init(
            weights: UnsafeBufferPointer(copy), bias: bias, outputs: outputs, inputs: inputs, format: format)
    }

    deinit {
        cdnn_matrix_destroy(matrix)
    }

    /// Memory held by the packed weights.
    package var bytes: Int { Int(cdnn_matrix_bytes(matrix)) }
}
