import Tensors

/// How precisely a model computes.
public enum Precision: String, Sendable, CaseIterable {
    /// bf16 where the processor has it, else f32.
    case auto
    case f32
    case bf16
    /// Masked images and texts with 8-bit products; whole ones, and those asked for precisely, in f32.
    case int8

    /// The format of products for whole inputs, and of those for masked ones.
    func resolved(_ features: CPUFeatures) -> (whole: Precision, masks: Precision) {
        switch self {
        case .auto: features.bf16 ? (.bf16, .bf16) : (.f32, .f32)
        case .f32: (.f32, .f32)
        case .bf16: (.bf16, .bf16)
        case .int8: (.f32, .int8)
        }
    }

    var format: RowFormat {
        switch self {
        case .auto, .f32: .f32
        case .bf16: .bf16
        case .int8: .u8
        }
    }
}
