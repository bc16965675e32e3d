public enum SubsetObjective: String, Choice { case max, min }

/// The coalitions of given sizes with the largest or smallest predicted value.
public enum ExplanationSubset: RequestMethod {
    public static let name = "explanation/subset"
    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var size: Int?
        public var sizes: [Int]?
        public var objective: SubsetObjective?
    }
    public struct Subset: Codable, Sendable {
        public var size: Int
        public var players: [Int]
        /// Predicted value above that of the empty pair, in logits.
        public var value: Double
        public init(size: Int, players: [Int], value: Double) {
            self.size = size
            self.players = players
            self.value = value
        }
    }
    public struct Result: Codable, Sendable {
        public var subsets: [Subset]
        /// Whether every coalition was looked at (20 players or fewer) or the search was greedy.
        public var exact: Bool
        public init(subsets: [Subset], exact: Bool) {
            self.subsets = subsets
            self.exact = exact
        }
    }
}

/// The pairs of one player: a heat map for a token, a weight per word for a patch.
public enum ExplanationCondition: RequestMethod {
    public static let name = "explanation/condition"
    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var player: Int
    }
    public struct Result: Codable, Sendable {
        public var player: Int
        public var first: Double
        public var image: [Double]
        public var text: [Double]
        public init(player: Int, first: Double, image: [Double], text: [Double]) {
            self.player = player
            self.first = first
            self.image = image
            self.text = text
        }
    }
}

/// Two explanations on common players: the finer image grid, and the words both captions have.
public enum ExplanationCompare: RequestMethod {
    public static let name = "explanation/compare"
    public struct Parameters: Codable, Sendable {
        public var explanations: [String]
    }
    public struct Side: Codable, Sendable {
        public var explanation: String
        /// First-order reading over the common grid, then over the common words.
        public var image: [Double]
        /// Null for a word this caption lacks.
        public var words: [Double?]
        /// `[words][cells]`, 0 for a word this caption lacks.
        public var crossModal: [[Double]]
        public init(explanation: String, image: [Double], words: [Double?], crossModal: [[Double]]) {
            self.explanation = explanation
            self.image = image
            self.words = words
            self.crossModal = crossModal
        }
    }
    public struct Result: Codable, Sendable {
        public var grid: GridShape
        public var words: [String]
        public var sides: [Side]
        /// Pearson correlation of the two sides' values; null where one is constant.
        public var imageCorrelation: Double?
        public var wordCorrelation: Double?
        public var crossModalCorrelation: Double?
        public init(
            grid: GridShape, words: [String], sides: [Side], imageCorrelation: Double?,
            wordCorrelation: Double?, crossModalCorrelation: Double?
        ) {
            self.grid = grid
            self.words = words
            self.sides = sides
            self.imageCorrelation = imageCorrelation
            self.wordCorrelation = wordCorrelation
            self.crossModalCorrelation = crossModalCorrelation
        }
    }
}

/// The explanation as a file other programs read.
public enum ExplanationExport: RequestMethod {
    public static let name = "explanation/export"
    public enum Format: String, Choice { case shapiq, json }
    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var format: Format
    }
    public struct Result: Codable, Sendable {
        public var mimeType: String
        public var content: String
        public init(mimeType: String, content: String) {
            self.mimeType = mimeType
            self.content = content
        }
    }
}

/// An explanation that another program made, as a handle to read.
public enum ExplanationImport: RequestMethod {
    public static let name = "explanation/import"
    public typealias Result = ExplanationOpen.Result
    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var image: ImageInput
        public var text: String
        public var players: PlayersChoice?
        /// The presence probability, which the file does not say.
        public var p: Double?
        /// What `shapiq.InteractionValues.save` wrote to a JSON file.
        public var content: String

        /// The explanation of the same image and caption, to be filled.
        public func open(index: IndexChoice, order: Int) -> ExplanationOpen.Parameters {
            ExplanationOpen.Parameters(
                model: model, image: image, text: text, index: index, p: p, order: order, players: players)
        }
    }
}
