import Tensors

/// The sizes of a transformer.
struct TransformerConfiguration: Sendable, Equatable {
    var hidden: Int
    var intermediate: Int
    var layers: Int
    var heads: Int
    var activation: Activation
    var epsilon: Float
    /// Where a block normalises: what it reads (CLIP), or the sum that it leaves (BERT).
    var normPlacement = NormPlacement.before

    enum NormPlacement: Sendable, Equatable { case before, after }

    /// Columns of one head.
    var headWidth: Int { hidden / heads }
}

/// A vision tower's configuration.
struct VisionConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    var imageSize: Int
    var patchSize: Int

    /// Patches along one edge.
    var grid: Int { imageSize / patchSize }
    var patches: Int { grid * grid }
}

/// A text tower's configuration.
struct TextConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    var vocabulary: Int
    var positions: Int
    /// The row of the position table that is the first token's.
    var firstPosition = 0
    /// Rows of the table of segments' kinds.
    var tokenTypes = 0
}

/// A model's configuration with every default filled in.
struct ModelConfiguration: Sendable, Equatable {
    var family: ModelFamily
    var vision: VisionConfiguration
    var text: TextConfiguration
    /// Columns of the embeddings that are compared.
    var dimension: Int
}
