/// Everything a drawing of one explanation needs: the image, the caption, the players and their values.
///
/// Players are numbered as in the game: image players (patches) first, in the order of `patches`, then
/// text players (words or tokens) in the order of `words`. All values are in logits unless said otherwise.
/// The method: Baniecki et al., "Explaining Similarity in Vision-Language Encoders with Weighted Banzhaf
/// Interactions", NeurIPS 2025.
public struct Picture: Sendable, Equatable {
    /// The model's name as the reader knows it.
    public var model: String
    /// A name for the image, for example its file name; shown beside the model.
    public var title: String
    public var image: SourceImage
    public var caption: String
    /// Whether the caption is longer than the model reads, so that its end plays no part.
    public var isTruncated: Bool
    public var patches: Patches
    public var words: [Word]
    /// What the text players are called.
    public var textKind: TextKind
    public var similarity: Similarity
    public var estimate: Estimate
    /// Earlier estimates of the same explanation, in the order they were made. May be empty.
    public var history: [Round]
    /// Named parts with the model's values, as `namedSubsets()` gives them; empty where the model was not asked.
    public var subsets: [Subset]

    public init(
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
    public enum TextKind: Sendable, Equatable {
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
    public struct SourceImage: Sendable, Equatable {
        /// Size in source pixels; patch boxes use the same coordinates.
        public var width: Int
        public var height: Int
        /// The encoded file, embedded in SVG and HTML.
        public var encoded: EncodedImage?
        /// A small version for terminals; also stands in for `encoded` when that is missing.
        public var cells: ColorCells?

        public init(width: Int, height: Int, encoded: EncodedImage? = nil, cells: ColorCells? = nil) {
            self.width = width
            self.height = height
            self.encoded = encoded
            self.cells = cells
        }
    }

    /// The bytes of an image file and their media type, for example `image/png`.
    public struct EncodedImage: Sendable, Equatable {
        public var bytes: [UInt8]
        public var mimeType: String

        public init(bytes: [UInt8], mimeType: String) {
            self.bytes = bytes
            self.mimeType = mimeType
        }
    }

    /// Average colours of a `rows` × `columns` division of the image: RGB8, row-major, `rows * columns * 3` bytes.
    public struct ColorCells: Sendable, Equatable {
        public var rows: Int
        public var columns: Int
        public var rgb: [UInt8]

        public init(rows: Int, columns: Int, rgb: [UInt8]) {
            self.rows = rows
            self.columns = columns
            self.rgb = rgb
        }
    }

    /// The image players: their boxes in source pixels. They form a grid when `rows * columns == boxes.count`;
    /// otherwise they are regions named by number.
    public struct Patches: Sendable, Equatable {
        public var rows: Int
        public var columns: Int
        public var boxes: [Box]

        public init(rows: Int, columns: Int, boxes: [Box]) {
            self.rows = rows
            self.columns = columns
            self.boxes = boxes
        }

        var formGrid: Bool { rows > 0 && columns > 0 && rows * columns == boxes.count }
    }

    /// A rectangle in source pixels; `x1` and `y1` are exclusive.
    public struct Box: Sendable, Equatable {
        public var x0: Double
        public var y0: Double
        public var x1: Double
        public var y1: Double

        public init(x0: Double, y0: Double, x1: Double, y1: Double) {
            self.x0 = x0
            self.y0 = y0
            self.x1 = x1
            self.y1 = y1
        }
    }

    /// A text player: `start ..< end` are offsets in Unicode scalars of the caption.
    public struct Word: Sendable, Equatable {
        public var token: String
        public var start: Int
        public var end: Int

        public init(token: String, start: Int, end: Int) {
            self.token = token
            self.start = start
            self.end = end
        }
    }

    /// What the model says of the whole pair: logits with nothing and with everything present, the cosine,
    /// and, where the model defines one, a probability.
    public struct Similarity: Sendable, Equatable {
        public var emptyValue: Double
        public var fullValue: Double
        public var cosine: Double
        public var probability: Double?

        public init(emptyValue: Double, fullValue: Double, cosine: Double, probability: Double? = nil) {
            self.emptyValue = emptyValue
            self.fullValue = fullValue
            self.cosine = cosine
            self.probability = probability
        }
    }

    /// What the values are.
    public enum Index: Sendable, Equatable {
        case banzhaf, shapley
    }

    /// How they were estimated.
    public enum Method: Sendable, Equatable {
        case ridge, leastSquares
    }

    /// The explanation's values, n = image players + text players.
    public struct Estimate: Sendable, Equatable {
        public var index: Index
        public var p: Double
        public var order: Int
        public var estimator: Method
        /// a_∅: what is predicted where nothing is shown, less the model's value of it.
        public var baseline: Double
        /// a_i, `[n]`.
        public var first: [Double]
        /// φ_i = a_i + q Σ_j a_ij, `[n]`.
        public var firstOrderReading: [Double]
        /// a_ij, upper triangle row-major (0,1), (0,2), …, `[n(n−1)/2]`; nil at order 1. Zeros count as absent.
        public var pairs: [Double]?
        public var firstErrors: [Double]?
        public var readingErrors: [Double]?
        public var pairErrors: [Double]?
        /// Leave-one-out R² of the estimate.
        public var looR2: Double?
        public var imageMasks: Int
        public var textMasks: Int
        /// Whether image and text masks were drawn together, as many pairs as there are of either.
        public var isJointlySampled: Bool

        public init(
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
    public struct Round: Sendable, Equatable {
        public var imageMasks: Int
        public var looR2: Double?
        public var leading: [Leading]

        public init(imageMasks: Int, looR2: Double? = nil, leading: [Leading]) {
            self.imageMasks = imageMasks
            self.looR2 = looR2
            self.leading = leading
        }
    }

    /// The value of one player (`players.count == 1`) or of one pair (`players.count == 2`).
    public struct Leading: Sendable, Equatable {
        public var players: [Int]
        public var value: Double

        public init(players: [Int], value: Double) {
            self.players = players
            self.value = value
        }
    }
}
