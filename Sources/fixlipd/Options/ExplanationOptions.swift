import ArgumentParser
import FIxLIPProtocol
import JSON

/// Options of the commands that explain: parameters of `explanation/open` beside the image, the text and the model.
struct ExplanationOptions: ParsableArguments {
    @Option(help: "banzhaf or shapley.")
    var index: IndexChoice?

    @Option(parsing: .unconditional, help: "The Banzhaf parameter, between 0 and 1 (0.5).")
    var p: Double?

    @Option(parsing: .unconditional, help: "1: single patches and words; 2: their pairs as well (2).")
    var order: Int?

    @Option(help: "ridge or leastSquares.")
    var estimator: EstimatorChoice?

    @Option(help: "crossed: every masked image meets every masked caption; joint: each is drawn with one (crossed).")
    var sampling: SamplingChoice?

    @Option(help: "What stands for an absent patch: mean or drop.")
    var masking: MaskingChoice?

    @Flag(help: "Whole words as players instead of tokens.")
    var words = false

    @Option(parsing: .unconditional, help: "Seed of the masks.")
    var seed: Int?

    /// Members of `explanation/open`; those not given are nil.
    var members: [(String, JSONValue?)] {
        [
            ("index", index.map { .string($0.rawValue) }), ("p", p.map { .real($0) }),
            ("order", order.map { .integer(Int64($0)) }), ("estimator", estimator.map { .string($0.rawValue) }),
            ("sampling", sampling.map { .string($0.rawValue) }), ("masking", masking.map { .string($0.rawValue) }),
            ("seed", seed.map { .integer(Int64($0)) }),
            ("players", words ? ["text": "words"] : nil),
        ]
    }
}

extension IndexChoice: ExpressibleByArgument {}
extension EstimatorChoice: ExpressibleByArgument {}
extension SamplingChoice: ExpressibleByArgument {}
extension MaskingChoice: ExpressibleByArgument {}
extension FloatEncoding: ExpressibleByArgument {}
