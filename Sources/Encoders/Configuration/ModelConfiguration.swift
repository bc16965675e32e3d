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
    /// Pixels along an edge; with a ``flexible`` grid, of the largest square picture.
    var imageSize: Int
    var patchSize: Int
    /// How the grid follows the picture; nil where all pictures have the same.
    var flexible: FlexibleGrid?

    /// A grid in each picture's own aspect ratio.
    struct FlexibleGrid: Sendable, Equatable {
        /// Rows and columns of the position table.
        var tableEdge: Int
        /// Of a picture.
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
