/// Everything a drawing of one explanation needs: the image, the caption, the players and their values.
///
/// Players are numbered as in the game: image players (patches) first, in the order of `patches`, then
/// text players (words or tokens) in the order of `words`. All values are in logits unless said otherwise.
/// The method: Baniecki et al., "Explaining Similarity in Vision-Language Encoders with Weighted Banzhaf
/// Interactions", NeurIPS 2025.
package struct Picture: Sendable, Equatable {
    /// The model's name as the reader knows it.
    package var model: String
    /// A name for the image, for example its file name; shown beside the model.
    package var title: String
    package var image: SourceImage
    package var caption: String
    /// Whether the caption is longer than the model reads, so that its end plays no part.
    package var isTruncated: Bool
    package var patches: Patches
    package var words: [Word]
    /// What the text players are called.
    package var textKind: TextKind
    package var similarity: Similarity
    package var estimate: Estimate
    /// Earlier estimates of the same explanation, in the order they were made. May be empty.
    package var history: [Round]
    /// Named parts with the model's values, as `namedSubsets()` gives them; empty where the model was not asked.
    package var subsets: [Subset]

    package init(
        model: String, title: String = "", image: SourceImage, caption: String, patches: Patches,
        words: [Word], similarity: Similarity, estimate: Estimate, history: [Round] = [], isTruncated: Bool = false,
        textKind: TextKind = .words, subsets: [Subset] = []
    ) {
        self.model = model
        self.title = title
        self.image = image
        self.caption = caption
        self.isTruncated = isTruncated
        self.patches = patches
        self.words = words
        self.similarity = similarity
        self.estimate = estimate
        self.history = history
        self.textKind = textKind
        self.subsets = subsets
    }
}

extension Picture {
    /// What a text player is.
    package enum TextKind: Sendable, Equatable {
        case words, tokens
        /// Stretches of the caption that somebody chose.
        case phrases

        var singular: String {
            switch self {
            case .words: "word"
            case .tokens: "token"
            case .phrases: "phrase"
            }
        }

        var plural: String { singular + "s" }
    }

    /// The image that was explained.
    package struct SourceImage: Sendable, Equatable {
        /// Size in source pixels; patch boxes use the same coordinates.
        package var width: Int
        package var height: Int
        /// The encoded file, embedded in SVG and HTML.
        package var encoded: EncodedImage?
        /// A small version for terminals; also stands in for `encoded` when that is missing.
        package var cells: ColorCells?

        package init(width: Int, height: Int, encoded: EncodedImage? = nil, cells: ColorCells? = nil) {
            self.width = width
            self.height = height
            self.encoded = encoded
            self.cells = cells
        }
    }

    /// The bytes of an image file and their media type, for example `image/png`.
    package struct EncodedImage: Sendable, Equatable {
        package var bytes: [UInt8]
        package var mimeType: String

        package init(bytes: [UInt8], mimeType: String) {
            self.bytes = bytes
            self.mimeType = mimeType
        }
    }

    /// Average colours of a `rows` × `columns` division of the image: RGB8, row-major, `rows * columns * 3` bytes.
    package struct ColorCells: Sendable, Equatable {
        package var rows: Int
        package var columns: Int
        package var rgb: [UInt8]

        package init(rows: Int, columns: Int, rgb: [UInt8]) {
            self.rows = rows
            self.columns = columns
            self.rgb = rgb
        }
    }

    /// The image players: their boxes in source pixels. They form a grid when `rows * columns == boxes.count`;
    /// otherwise they are regions named by number.
    package struct Patches: Sendable, Equatable {
        package var rows: Int
        package var columns: Int
        package var boxes: [Box]

        package init(rows: Int, columns: Int, boxes: [Box]) {
            self.rows = rows
            self.columns = columns
            self.boxes = boxes
        }

        var formGrid: Bool { rows > 0 && columns > 0 && rows * columns == boxes.count }
    }

    /// A rectangle in source pixels; `x1` and `y1` are exclusive.
    package struct Box: Sendable, Equatable {
        package var x0: Double
        package var y0: Double
        package var x1: Double
        package var y1: Double

        package init(x0: Double, y0: Double, x1: Double, y1: Double) {
            self.x0 = x0
            self.y0 = y0
            self.x1 = x1
            self.y1 = y1
        }
    }

    /// A text player: `start ..< end` are offsets in Unicode scalars of the caption.
    package struct Word: Sendable, Equatable {
        package var token: String
        package var start: Int
        package var end: Int

        package init(token: String, start: Int, end: Int) {
            self.token = token
            self.start = start
            self.end = end
        }
    }

    /// What the model says of the whole pair: logits with nothing and with everything present, the cosine,
    /// and, where the model defines one, a probability.
    package struct Similarity: Sendable, Equatable {
        package var emptyValue: Double
        package var fullValue: Double
        package var cosine: Double
        package var probability: Double?

        package init(emptyValue: Double, fullValue: Double, cosine: Double, probability: Double? = nil) {
            self.emptyValue = emptyValue
            self.fullValue = fullValue
            self.cosine = cosine
            self.probability = probability
        }
    }

    /// What the values are.
    package enum Index: Sendable, Equatable {
        case banzhaf, shapley
    }

    /// How they were estimated.
    package enum Method: Sendable, Equatable {
        case ridge, leastSquares
    }

    /// The explanation's values, n = image players + text players.
    package struct Estimate: Sendable, Equatable {
        package var index: Index
        package var p: Double
        package var order: Int
        package var estimator: Method
        /// a_∅: what is predicted where nothing is shown, less the model's value of it.
        package var baseline: Double
        /// a_i, `[n]`.
        package var first: [Double]
        /// φ_i = a_i + q Σ_j a_ij, `[n]`.
        package var firstOrderReading: [Double]
        /// a_ij, upper triangle row-major (0,1), (0,2), …, `[n(n−1)/2]`; nil at order 1. Zeros count as absent.
        package var pairs: [Double]?
        package var firstErrors: [Double]?
        package var readingErrors: [Double]?
        package var pairErrors: [Double]?
        /// Leave-one-out R² of the estimate.
        package var looR2: Double?
        package var imageMasks: Int
        package var textMasks: Int
        /// Whether image and text masks were drawn together, as many pairs as there are of either.
        package var isJointlySampled: Bool

        package init(
            index: Index, p: Double, order: Int, estimator: Method, first: [Double],
            firstOrderReading: [Double], pairs: [Double]? = nil, firstErrors: [Double]? = nil,
            readingErrors: [Double]? = nil, pairErrors: [Double]? = nil, looR2: Double? = nil,
            imageMasks: Int, textMasks: Int, isJointlySampled: Bool = false, baseline: Double = 0
        ) {
            self.baseline = baseline
            self.index = index
            self.p = p
            self.order = order
            self.estimator = estimator
            self.first = first
            self.firstOrderReading = firstOrderReading
            self.pairs = pairs
            self.firstErrors = firstErrors
            self.readingErrors = readingErrors
            self.pairErrors = pairErrors
            self.looR2 = looR2
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.isJointlySampled = isJointlySampled
        }
    }

    /// One estimate on the way: the budget it had and its leading values.
    package struct Round: Sendable, Equatable {
        package var imageMasks: Int
        package var looR2: Double?
        package var leading: [Leading]

        package init(imageMasks: Int, looR2: Double? = nil, leading: [Leading]) {
            self.imageMasks = imageMasks
            self.looR2 = looR2
            self.leading = leading
        }
    }

    /// The value of one player (`players.count == 1`) or of one pair (`players.count == 2`).
    package struct Leading: Sendable, Equatable {
        package var players: [Int]
        package var value: Double

        package init(players: [Int], value: Double) {
            self.players = players
            self.value = value
        }
    }
}
