/// The total number of masks wanted in the games of an explanation; what is there already counts.
public struct Budget: Codable, Sendable, Equatable {
    public var imageMasks: Int?
    public var textMasks: Int?
    public init(imageMasks: Int? = nil, textMasks: Int? = nil) {
        self.imageMasks = imageMasks
        self.textMasks = textMasks
    }
}

/// When an estimate is good enough.
public struct StopRule: Codable, Sendable, Equatable {
    /// Largest standard error, in logits, that the leading values may have.
    public var standardError: Double?
    /// How many of the strongest pairs are looked at.
    public var topK: Int?
    /// Over how many successive estimates those pairs must stay the same.
    public var stableRounds: Int?
    public init(standardError: Double? = nil, topK: Int? = nil, stableRounds: Int? = nil) {
        self.standardError = standardError
        self.topK = topK
        self.stableRounds = stableRounds
    }
}

/// A token of the client's choosing, a string or an integer, that its progress reports carry.
public enum ProgressToken: Codable, Sendable, Hashable {
    case string(String)
    case integer(Int)

    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let text = try? container.decode(String.self) {
            self = .string(text)
        } else if let number = try? container.decode(Int.self) {
            self = .integer(number)
        } else {
            throw decoder.refusal("a string or a whole number")
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .string(let text): try container.encode(text)
        case .integer(let number): try container.encode(number)
        }
    }
}

public enum StopReason: String, Choice {
    case budget
    case deadline
    case standardError
    case stable
    case stopped
    /// Every mask there is has been encoded.
    case exhausted
}

/// Adds masks until a stop rule holds.
public enum ExplanationRefine: RequestMethod {
    public static let name = "explanation/refine"

    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var budget: Budget?
        public var deadlineMilliseconds: Double?
        public var until: StopRule?
        public var progressToken: ProgressToken?
        public var values: Selection?
    }

    public struct Result: Codable, Sendable {
        public var explanation: String
        public var imageMasks: Int
        public var textMasks: Int
        public var stopReason: StopReason
        public var elapsedMilliseconds: Double
        public var looR2: Double?
        public var values: Values
        public init(
            explanation: String, imageMasks: Int, textMasks: Int, stopReason: StopReason,
            elapsedMilliseconds: Double, looR2: Double?, values: Values
        ) {
            self.explanation = explanation
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.stopReason = stopReason
            self.elapsedMilliseconds = elapsedMilliseconds
            self.looR2 = looR2
            self.values = values
        }
    }
}

/// The `value` of a `$/progress` notification of a refinement; a report replaces the one before.
public struct RefinementProgress: Codable, Sendable {
    public enum Kind: String, Choice { case begin, report, end }
    public var kind: Kind
    public var sequence: Int
    public var imageMasks: Int
    public var textMasks: Int
    public var elapsedMilliseconds: Double
    /// The budget's image masks, where there is one.
    public var totalImageMasks: Int?
    public var looR2: Double?
    public var maxStandardError: Double?
    public var values: Values?
    public init(
        kind: Kind, sequence: Int, imageMasks: Int, textMasks: Int, elapsedMilliseconds: Double,
        totalImageMasks: Int?, looR2: Double? = nil, maxStandardError: Double? = nil, values: Values? = nil
    ) {
        self.kind = kind
        self.sequence = sequence
        self.imageMasks = imageMasks
        self.textMasks = textMasks
        self.elapsedMilliseconds = elapsedMilliseconds
        self.totalImageMasks = totalImageMasks
        self.looR2 = looR2
        self.maxStandardError = maxStandardError
        self.values = values
    }
}
