/// Opens, refines, answers and closes in one call; the warm games stay.
public enum Explain: RequestMethod {
    public static let name = "explain"

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
        public var budget: Budget?
        public var deadlineMilliseconds: Double?
        public var until: StopRule?
        public var progressToken: ProgressToken?
        public var pairs: PairSelection?
        public var standardErrors: Bool?
        public var encoding: FloatEncoding?
        public var render: RenderOptions?
        /// Whether masks that earlier explanations left warm are kept out of the result.
        public var reproducible: Bool?

        public var open: ExplanationOpen.Parameters {
            ExplanationOpen.Parameters(
                model: model, image: image, text: text, index: index, p: p, order: order, masking: masking,
                players: players, estimator: estimator, seed: seed, sampling: sampling, paired: paired)
        }

        public var selection: Selection {
            Selection(pairs: pairs, standardErrors: standardErrors, encoding: encoding)
        }

        public func refine(_ explanation: String) -> ExplanationRefine.Parameters {
            ExplanationRefine.Parameters(
                explanation: explanation, budget: budget, deadlineMilliseconds: deadlineMilliseconds, until: until,
                progressToken: progressToken, values: selection)
        }
    }

    public struct Result: Codable, Sendable {
        public var model: String
        public var players: Players
        public var emptyValue: Double
        public var fullValue: Double
        public var cosine: Double
        public var truncated: Bool
        public var imageMasks: Int
        public var textMasks: Int
        public var stopReason: StopReason
        public var elapsedMilliseconds: Double
        public var looR2: Double?
        public var values: Values
        public var render: Rendered?
        public init(
            opened: ExplanationOpen.Result, refined: ExplanationRefine.Result, render: Rendered?
        ) {
            model = opened.model
            players = opened.players
            emptyValue = opened.emptyValue
            fullValue = opened.fullValue
            cosine = opened.cosine
            truncated = opened.truncated
            imageMasks = refined.imageMasks
            textMasks = refined.textMasks
            stopReason = refined.stopReason
            elapsedMilliseconds = refined.elapsedMilliseconds
            looR2 = refined.looR2
            values = refined.values
            self.render = render
        }
    }
}
