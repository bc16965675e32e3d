import Tensors

/// The sizes of a transformer.
struct TransformerConfiguration: Sendable, Equatable {
    var hidden: Int
    var intermediate: Int
    var layers: Int
    var heads: Int
    var activation: Activation
    var epsilon: Float

    /// Columns of one head.
    var headWidth: Int { hidden / heads }
}

/// A vision tower's configuration.
struct VisionConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    var imageSize: Int
    var patchSize: Int
    /// SigLIP: whether the attention-pooling head is there; without it the mean of the tokens is taken.
    var usesHead: Bool

    /// Patches along one edge.
    var grid: Int { imageSize / patchSize }
    var patches: Int { grid * grid }
}

/// A text tower's configuration.
struct TextConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    var vocabulary: Int
    var positions: Int
    /// CLIP pools at this token; 2 in old configurations, which means the largest id of the text.
    var endOfText: Int
    /// Columns of the text's embedding.
    var projection: Int
}

/// The two families of models.
public enum Architecture: String, Sendable {
    case clip
    case siglip
}

/// A model's configuration with every default filled in.
struct ModelConfiguration: Sendable, Equatable {
    var architecture: Architecture
    var vision: VisionConfiguration
    var text: TextConfiguration
    /// Columns of the embeddings that are compared.
    var dimension: Int
}
