import Tensors

/// How precisely a model computes.
package enum Precision: String, Sendable, CaseIterable {
    /// bf16 where the processor has it. Else f32, and int8 for masks where integer products are faster, the model is
    /// large enough to gain, and its rounding is small beside what masks change (``LoadedModel/maskRounding()``).
    case auto
    case f32
    case bf16
    /// Masked images and texts with 8-bit rows and weights of 8 bits, or of up to 14 where the processor adds 16-bit
    /// products; whole ones, and those asked for precisely, in f32.
    case int8

    /// The arithmetic of whole inputs, and what is to be tried for masked ones.
    /// - Parameter width: columns of the vision tower's rows.
    func resolved(_ features: CPUFeatures, width: Int) -> Resolution {
        switch self {
        case .auto where features.bf16:
            Resolution(whole: .bf16, masks: .bf16, reason: "the processor has bf16 products")
        case .auto where !features.fastIntegers:
            Resolution(whole: .f32, masks: .f32, reason: "the processor has no fast 8-bit or bf16 products")
        case .auto where width < LoadedModel.leastWidthForIntegers:
            Resolution(whole: .f32, masks: .f32, reason: "a model this small gains little from 8-bit masks")
        case .auto: Resolution(whole: .f32, masks: .int8, reason: "")
        case .f32: Resolution(whole: .f32, masks: .f32, reason: "asked for")
        case .bf16: Resolution(whole: .bf16, masks: .bf16, reason: "asked for")
        case .int8: Resolution(whole: .f32, masks: .int8, reason: "asked for")
        }
    }

    struct Resolution {
        let whole: Precision
        let masks: Precision
        let reason: String
    }

    var format: RowFormat {
        switch self {
        case .auto, .f32: .f32
        case .bf16: .bf16
        case .int8: .u8
        }
    }
}
