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
    /// Whether keys have a bias, as queries and values do.
    var hasKeyBias = true
    /// Whether the MLP is a gated one (SwiGLU): a layer for the gate beside its first, and no other activation.
    var isGated = false
    /// Whether what attention makes, and what the MLP has inside, is normalised before the last product of each
    /// (EVA02's sub-layer norms).
    var hasInnerNorms = false
    /// How queries and keys of patches are turned; nil where they are not.
    var rotary: RotaryPositions?

    enum NormPlacement: Sendable, Equatable { case before, after }

    /// Columns of one head.
    var headWidth: Int { hidden / heads }
}

/// A vision tower's configuration.
struct VisionConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    /// Pixels along an edge; with a ``flexible`` grid, of the largest square picture.
    var imageSize: Int
    var patchSize: Int
    /// The head that pools by attention, where its sizes are not the blocks'.
    var head: PoolingHead?
    /// How the grid follows the picture; nil where all pictures have the same.
    var flexible: FlexibleGrid?

    struct PoolingHead: Sendable, Equatable {
        var heads: Int
        var intermediate: Int
    }

    /// The sizes of the head that pools by attention.
    var poolingHead: PoolingHead {
        head ?? PoolingHead(heads: transformer.heads, intermediate: transformer.intermediate)
    }

    /// A grid in each picture's own aspect ratio.
    struct FlexibleGrid: Sendable, Equatable {
        /// Rows and columns of the position table.
        var tableEdge: Int
        /// The most patches that a picture is cut into.
        var mostPatches: Int
    }

    /// Sets how many patches a picture has at most, where its grid is ``flexible``.
    mutating func setMostPatches(_ most: Int) {
        flexible?.mostPatches = most
        imageSize = patchSize * Int(Double(most).squareRoot())
    }

    /// Patches along one edge of a square picture.
    var grid: Int { imageSize / patchSize }
    /// The most patches of a picture; where the grid is fixed, those of every picture.
    var patches: Int { flexible?.mostPatches ?? grid * grid }
    /// Rows of the table of the patches' positions.
    var positions: Int { flexible.map { $0.tableEdge * $0.tableEdge } ?? patches }
}

/// A text tower's configuration.
struct TextConfiguration: Sendable, Equatable {
    var transformer: TransformerConfiguration
    var vocabulary: Int
    var positions: Int
    /// The row of the position table that is the first token's.
    var firstPosition = 0
    /// Rows of the position table, where there are more than texts may have positions.
    var tableRows: Int?
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

extension TextConfiguration {
    /// Rows of the position table.
    var positionRows: Int { tableRows ?? firstPosition + positions }
}
