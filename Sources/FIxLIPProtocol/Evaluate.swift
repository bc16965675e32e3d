public enum EvaluationMetric: String, Choice {
    /// How well the values predict unseen coalitions.
    case faithfulness
    /// How fast the value falls as players are removed in the explanation's order.
    case insertionDeletion
    /// How much of a word's interactions lies in the quadrant it belongs to.
    case pointingGame
}

public enum QuadrantChoice: String, Choice { case topLeft, topRight, bottomLeft, bottomRight }

/// How coalitions of all players are drawn.
public enum CoalitionSampling: String, Choice {
    /// Each player present with probability p, independently.
    case bernoulli
    /// Sizes by the Shapley kernel, players alike.
    case shapley
}

/// Measures an explanation by the paper's metrics; faithfulness and the curves encode further masks.
public enum ExplanationEvaluate: RequestMethod {
    public static let name = "explanation/evaluate"

    public struct Target: Codable, Sendable {
        /// Text players of one class word, counted among the text players from 0.
        public var textPlayers: [Int]
        public var quadrant: QuadrantChoice
    }

    public struct Parameters: Codable, Sendable {
        public var explanation: String
        public var metric: EvaluationMetric
        /// Coalitions drawn for faithfulness; 1000 unless told.
        public var samples: Int?
        /// Presence probability of the coalitions drawn; the explanation's own unless told.
        public var p: Double?
        /// What fits the explanation's index unless told.
        public var sampling: CoalitionSampling?
        public var seed: UInt32?
        public var estimator: EstimatorChoice?
        public var order: Int?
        /// For the pointing game.
        public var targets: [Target]?
    }

    public struct Faithfulness: Codable, Sendable {
        public var samples: Int
        public var rSquared: Double?
        public var pearson: Double?
        public var spearman: Double?
        public var kendall: Double?
        public var meanSquaredError: Double
        public var meanAbsoluteError: Double
        public var cosine: Double?
        public init(
            samples: Int, rSquared: Double?, pearson: Double?, spearman: Double?, kendall: Double?,
            meanSquaredError: Double, meanAbsoluteError: Double, cosine: Double?
        ) {
            self.samples = samples
            self.rSquared = rSquared
            self.pearson = pearson
            self.spearman = spearman
            self.kendall = kendall
            self.meanSquaredError = meanSquaredError
            self.meanAbsoluteError = meanAbsoluteError
            self.cosine = cosine
        }
    }

    public struct Curves: Codable, Sendable {
        /// Normalised values at 51 even fractions of players present, from none to all.
        public var leastImportantFirst: [Double]
        public var mostImportantFirst: [Double]
        /// The area between the two.
        public var areaBetween: Double
        public init(leastImportantFirst: [Double], mostImportantFirst: [Double], areaBetween: Double) {
            self.leastImportantFirst = leastImportantFirst
            self.mostImportantFirst = mostImportantFirst
            self.areaBetween = areaBetween
        }
    }

    public struct Result: Codable, Sendable {
        public var metric: EvaluationMetric
        public var faithfulness: Faithfulness?
        public var insertionDeletion: Curves?
        /// The share of the words' interactions that has the right sign in the right quadrant; null where all are 0.
        public var pointingGame: Double?
        public init(
            metric: EvaluationMetric, faithfulness: Faithfulness? = nil, insertionDeletion: Curves? = nil,
            pointingGame: Double? = nil
        ) {
            self.metric = metric
            self.faithfulness = faithfulness
            self.insertionDeletion = insertionDeletion
            self.pointingGame = pointingGame
        }
    }
}

/// What the model says of coalitions of the caller's choosing, beside what the explanation predicts.
public enum ExplanationCoalitions: RequestMethod {
    public static let name = "explanation/coalitions"
    public struct Parameters: Codable, Sendable {
        public var explanation: String
        /// Players present, one list per coalition.
        public var coalitions: [[Int]]
        public var estimator: EstimatorChoice?
        public var order: Int?
    }
    public struct Result: Codable, Sendable {
        /// v(z) in logits, one per coalition.
        public var values: [Double]
        /// The explanation's prediction of them, in logits; nil before its first masks.
        public var predicted: [Double]?
        public init(values: [Double], predicted: [Double]?) {
            self.values = values
            self.predicted = predicted
        }
    }
}
