/// Weighted Banzhaf interactions with parameter p, or faithful Shapley interactions.
public enum IndexChoice: String, Choice { case banzhaf, shapley }

/// What stands for an absent patch: the mean colour, or nothing (its token leaves the sequence).
public enum MaskingChoice: String, Choice { case mean, drop }

public enum EstimatorChoice: String, Choice { case ridge, leastSquares }

/// Whether every image mask meets every text mask, or each is drawn together with one.
public enum SamplingChoice: String, Choice { case crossed, joint }

/// A grid of image players, coarser than the patches.
public struct GridShape: Codable, Sendable, Equatable {
    public var rows: Int
    public var columns: Int
    public init(rows: Int, columns: Int) {
        self.rows = rows
        self.columns = columns
    }
}

/// Image players other than the single patches: exactly one of the two.
public struct ImagePlayersChoice: Codable, Sendable, Equatable {
    public var grid: GridShape?
    /// A label 0, 1, … for every patch, rows from the top.
    public var regions: [Int]?
}

/// Text players: `"tokens"`, `"words"` or `{"spans": [[start, end], …]}` in Unicode scalars of the caption.
public enum TextPlayersChoice: Codable, Sendable, Equatable {
    case tokens
    case words
    case spans([[Int]])

    private enum CodingKeys: String, CodingKey { case spans }
    private static let choices = #""tokens", "words" or {"spans": [[start, end], …]}"#

    public init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "tokens": self = .tokens
            case "words": self = .words
            default: throw decoder.refusal(Self.choices, not: word)
            }
        } else if let members = try? decoder.container(keyedBy: CodingKeys.self) {
            self = .spans(try members.decode([[Int]].self, forKey: .spans))
        } else {
            throw decoder.refusal(Self.choices)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .tokens, .words:
            var container = encoder.singleValueContainer()
            try container.encode(self == .tokens ? "tokens" : "words")
        case .spans(let spans):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(spans, forKey: .spans)
        }
    }
}

public struct PlayersChoice: Codable, Sendable, Equatable {
    public var image: ImagePlayersChoice?
    public var text: TextPlayersChoice?
}

/// The players of an explanation: first those of the image, then those of the text.
public struct Players: Codable, Sendable, Equatable {
    public struct Image: Codable, Sendable, Equatable {
        public var rows: Int
        public var columns: Int
        public var count: Int
        /// `[x0, y0, x1, y1]` in pixels of the source image, crop and resize undone; one per player.
        public var boxes: [[Double]]
        /// With `regions`: the label of every patch.
        public var regions: [Int]?
        public init(rows: Int, columns: Int, count: Int, boxes: [[Double]], regions: [Int]? = nil) {
            self.rows = rows
            self.columns = columns
            self.count = count
            self.boxes = boxes
            self.regions = regions
        }
    }

    public struct Text: Codable, Sendable, Equatable {
        public var token: String
        /// Unicode scalars of the caption.
        public var start: Int
        public var end: Int
        public init(token: String, start: Int, end: Int) {
            self.token = token
            self.start = start
            self.end = end
        }
    }

    public var image: Image
    public var text: [Text]
    public init(image: Image, text: [Text]) {
        self.image = image
        self.text = text
    }
}

/// Begins an explanation of one image and one caption.
public enum ExplanationOpen: RequestMethod {
    public static let name = "explanation/open"

    public struct Parameters: Codable, Sendable {
        public var model: String?
        public var image: ImageInput
        public var text: String
        public var index: IndexChoice?
        public var p: Double?
        public var order: Int?
        public var masking: MaskingChoice?
        public var players: PlayersChoice?
        public var estimator: EstimatorChoice?
        public var seed: Seeds?
        public var sampling: SamplingChoice?
        public var paired: Bool?
    }

    public struct Warm: Codable, Sendable, Equatable {
        public var imageMasks: Int
        public var textMasks: Int
        public init(imageMasks: Int, textMasks: Int) {
            self.imageMasks = imageMasks
            self.textMasks = textMasks
        }
    }

    public struct Result: Codable, Sendable {
        public var explanation: String
        public var model: String
        public var players: Players
        /// Logits of the empty and of the whole pair.
        public var emptyValue: Double
        public var fullValue: Double
        public var cosine: Double
        /// Whether the caption was longer than the model's positions and was cut.
        public var truncated: Bool
        public var warm: Warm
        public init(
            explanation: String, model: String, players: Players, emptyValue: Double, fullValue: Double,
            cosine: Double, truncated: Bool, warm: Warm
        ) {
            self.explanation = explanation
            self.model = model
            self.players = players
            self.emptyValue = emptyValue
            self.fullValue = fullValue
            self.cosine = cosine
            self.truncated = truncated
            self.warm = warm
        }
    }
}

/// A handle's short form.
public struct ExplanationReference: Codable, Sendable {
    public var explanation: String
    public init(explanation: String) { self.explanation = explanation }
}

/// Ends a running refinement early, with its result.
public enum ExplanationStop: RequestMethod {
    public static let name = "explanation/stop"
    public typealias Parameters = ExplanationReference
    public struct Result: Codable, Sendable {
        /// How many refinements were asked to stop.
        public var stopped: Int
        public init(stopped: Int) { self.stopped = stopped }
    }
}

/// Forgets the handle; the warm games stay.
public enum ExplanationClose: RequestMethod {
    public static let name = "explanation/close"
    public typealias Parameters = ExplanationReference
    public typealias Result = Acknowledgement
}

public struct ExplanationSummary: Codable, Sendable {
    public var explanation: String
    public var model: String
    public var text: String
    public var image: String
    public var imageMasks: Int
    public var textMasks: Int
    public var refining: Bool
    /// Memory of its masks, which it may share.
    public var bytes: Int?
    public init(
        explanation: String, model: String, text: String, image: String, imageMasks: Int, textMasks: Int,
        refining: Bool, bytes: Int?
    ) {
        self.explanation = explanation
        self.model = model
        self.text = text
        self.image = image
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.refining = refining
        self.bytes = bytes
    }
}

/// The open explanations of this connection's daemon.
public enum ExplanationList: RequestMethod {
    public static let name = "explanation/list"
    public typealias Parameters = NoParameters
    public struct Result: Codable, Sendable {
        public var explanations: [ExplanationSummary]
        public init(explanations: [ExplanationSummary]) { self.explanations = explanations }
    }
}
