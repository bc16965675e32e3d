import Encoders
import FIxLIPProtocol
import Interactions

/// What a client asked to have explained, checked and with defaults in place.
struct ExplanationSettings: Sendable, Equatable {
    var index: InteractionIndex
    var p: Double
    var order: Int
    var masking: MaskingChoice
    var estimator: Estimator
    var seeds: Seeds
    var sampling: SamplingChoice
    var paired: Bool

    /// - Throws: `ParameterError` that names the parameter.
    init(_ parameters: ExplanationOpen.Parameters) throws(ParameterError) {
        index = Self.index(parameters.index ?? ExplanationOpen.Parameters.defaultIndex)
        p = parameters.p ?? ExplanationOpen.Parameters.defaultP
        order = try Self.checked(order: parameters.order ?? ExplanationOpen.Parameters.defaultOrder)
        masking = parameters.masking ?? ExplanationOpen.Parameters.defaultMasking
        estimator = Self.estimator(parameters.estimator ?? ExplanationOpen.Parameters.defaultEstimator)
        seeds = parameters.seed ?? ExplanationOpen.Parameters.defaultSeed
        sampling = parameters.sampling ?? ExplanationOpen.Parameters.defaultSampling
        paired = parameters.paired ?? (sampling == .joint && index == .shapley)
        guard p > 0, p < 1 else {
            throw ParameterError("p", "must lie between 0 and 1, both excluded; it is \(p)")
        }
        guard index == .banzhaf || parameters.p == nil else {
            throw ParameterError("p", "belongs to the Banzhaf index; leave it out for \"shapley\"")
        }
        guard !paired || (index == .banzhaf ? p == 0.5 : sampling == .joint) else {
            throw ParameterError(
                "paired",
                "needs the Banzhaf index with p = 0.5, or Shapley with \"sampling\": \"joint\": only then is a complement as likely as its mask"
            )
        }
    }

    var imageMasking: ImageMasking { masking == .drop ? .drop : .mean }

    static func checked(order: Int) throws(ParameterError) -> Int {
        guard order == 1 || order == 2 else { throw ParameterError("order", "must be 1 or 2; it is \(order)") }
        return order
    }

    static func index(_ choice: IndexChoice) -> InteractionIndex {
        switch choice {
        case .banzhaf: .banzhaf
        case .shapley: .shapley
        }
    }

    static func estimator(_ choice: EstimatorChoice) -> Estimator {
        switch choice {
        case .ridge: .ridge
        case .leastSquares: .leastSquares
        }
    }

    /// What to estimate for a selection, which may ask for another estimator or order than the explanation was opened
    /// with: both rest on the same masks.
    func estimatorSettings(_ selection: Selection, standardErrors: Bool) throws(ParameterError) -> EstimatorSettings {
        EstimatorSettings(
            index: index, p: p, order: try Self.checked(order: selection.order ?? order),
            estimator: selection.estimator.map(Self.estimator) ?? estimator, standardErrors: standardErrors)
    }
}

extension EstimatorChoice {
    init(_ estimator: Estimator) {
        switch estimator {
        case .ridge: self = .ridge
        case .leastSquares: self = .leastSquares
        }
    }
}
