/// Which pairs a reply carries.
public enum PairSelection: Codable, Sendable, Equatable {
    case all
    case crossModal
    case none
    /// The k pairs of largest magnitude.
    case top(Int)

    private enum CodingKeys: String, CodingKey { case top }
    private static let choices = #""all", "crossModal", "none" or {"top": k}"#

    public init(from decoder: any Decoder) throws {
        if let word = try? decoder.singleValueContainer().decode(String.self) {
            switch word {
            case "all": self = .all
            case "crossModal": self = .crossModal
            case "none": self = .none
            default: throw decoder.refusal(Self.choices, not: word)
            }
        } else if let members = try? decoder.container(keyedBy: CodingKeys.self) {
            self = .top(try members.decode(Int.self, forKey: .top))
        } else {
            throw decoder.refusal(Self.choices)
        }
    }

    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .top(let count):
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(count, forKey: .top)
        default:
            var container = encoder.singleValueContainer()
            try container.encode(self == .all ? "all" : self == .crossModal ? "crossModal" : "none")
        }
    }
}

/// What of an estimate a client wants to see.
public struct Selection: Codable, Sendable, Equatable {
    public var estimator: EstimatorChoice?
    public var order: Int?
    public var pairs: PairSelection?
    public var standardErrors: Bool?
    public var encoding: FloatEncoding?
    public init(
        estimator: EstimatorChoice? = nil, order: Int? = nil, pairs: PairSelection? = nil,
        standardErrors: Bool? = nil, encoding: FloatEncoding? = nil
    ) {
        self.estimator = estimator
        self.order = order
        self.pairs = pairs
        self.standardErrors = standardErrors
        self.encoding = encoding
    }
}

/// Pair values in one of three layouts.
public struct Pairs: Codable, Sendable, Equatable {
    public enum Format: String, Choice {
        /// Row-major upper triangle (0,1), (0,2), …, (n−2, n−1).
        case upper
        /// `[n_T][n_I]`, rows are text players.
        case crossModal
        /// `items` of `[i, j, value]`, strongest first.
        case list
    }

    public struct Item: Codable, Sendable, Equatable {
        public var i: Int
        public var j: Int
        public var value: Double
        public init(i: Int, j: Int, value: Double) {
            self.i = i
            self.j = j
            self.value = value
        }

        public init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            i = try container.decode(Int.self)
            j = try container.decode(Int.self)
            value = try container.decode(Double.self)
        }

        public func encode(to encoder: any Encoder) throws {
            var container = encoder.unkeyedContainer()
            try container.encode(i)
            try container.encode(j)
            try container.encode(value)
        }
    }

    public var format: Format
    public var encoding: FloatEncoding?
    public var shape: [Int]?
    public var data: EncodedFloats?
    public var items: [Item]?
    public init(
        format: Format, encoding: FloatEncoding? = nil, shape: [Int]? = nil, data: EncodedFloats? = nil,
        items: [Item]? = nil
    ) {
        self.format = format
        self.encoding = encoding
        self.shape = shape
        self.data = data
        self.items = items
    }
}

/// Interaction values, in logits.
public struct Values: Codable, Sendable {
    public struct StandardErrors: Codable, Sendable {
        public var first: EncodedFloats
        public var firstOrderReading: EncodedFloats
        public var pairs: Pairs?
        public init(first: EncodedFloats, firstOrderReading: EncodedFloats, pairs: Pairs?) {
            self.first = first
            self.firstOrderReading = firstOrderReading
            self.pairs = pairs
        }
    }

    /// `FWBII` or `FSII`.
    public var index: String
    public var p: Double?
    public var order: Int
    public var estimator: String
    public var baseline: Double
    public var first: EncodedFloats
    public var firstOrderReading: EncodedFloats
    public var pairs: Pairs?
    public var standardErrors: StandardErrors?
    /// Share of the variance over unseen coalitions that the values explain, by leave-one-out.
    public var looR2: Double?
    public var rankDeficient: Bool
    /// Set when the problem was cut down to first order and cross-modal pairs.
    public var restriction: String?
    /// Set when an iterative solve ended before it was exact.
    public var unconverged: Bool?
    public init(
        index: String, p: Double?, order: Int, estimator: String, baseline: Double, first: EncodedFloats,
        firstOrderReading: EncodedFloats, pairs: Pairs?, standardErrors: StandardErrors?, looR2: Double?,
        rankDeficient: Bool, restriction: String?, unconverged: Bool? = nil
    ) {
        self.index = index
        self.p = p
        self.order = order
        self.estimator = estimator
        self.baseline = baseline
        self.first = first
        self.firstOrderReading = firstOrderReading
        self.pairs = pairs
        self.standardErrors = standardErrors
        self.looR2 = looR2
        self.rankDeficient = rankDeficient
        self.restriction = restriction
        self.unconverged = unconverged
    }
}

/// The current estimate of an explanation; asks no model.
public enum ExplanationValues: RequestMethod {
    public static let name = "explanation/values"

    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var estimator: EstimatorChoice?
        public var order: Int?
        public var pairs: PairSelection?
        public var standardErrors: Bool?
        public var encoding: FloatEncoding?

        public var selection: Selection {
            Selection(
                estimator: estimator, order: order, pairs: pairs, standardErrors: standardErrors, encoding: encoding)
        }
    }

    public struct Result: Codable, Sendable {
        public var explanation: String
        public var imageMasks: Int
        public var textMasks: Int
        public var values: Values
        public init(explanation: String, imageMasks: Int, textMasks: Int, values: Values) {
            self.explanation = explanation
            self.imageMasks = imageMasks
            self.textMasks = textMasks
            self.values = values
        }
    }
}
