import FIxLIPProtocol
import Interactions
import Tokenizers

extension GivenImage {
    init(_ input: ImageInput) {
        let source: Source =
            switch input.source {
            case .text(let text): .text(text)
            case .path(let path): .path(path)
            case .data(let text): .data(text)
            case .uri(let uri): .uri(uri)
            case .pixels(let text, let width, let height): .pixels(text, width: width, height: height)
            }
        self.init(source: source, background: input.background)
    }
}

extension ExplanationSettings {
    fileprivate init(_ parameters: ExplanationOpen.Parameters) throws(ParameterError) {
        typealias Parameters = ExplanationOpen.Parameters
        try self.init(
            index: InteractionIndex(parameters.index ?? Parameters.defaultIndex), p: parameters.p,
            usualP: Parameters.defaultP,
            order: parameters.order ?? Parameters.defaultOrder,
            masking: .init(parameters.masking ?? Parameters.defaultMasking),
            estimator: Estimator(parameters.estimator ?? Parameters.defaultEstimator),
            seeds: SideSeeds(parameters.seed ?? Parameters.defaultSeed),
            sampling: Sampling(parameters.sampling ?? Parameters.defaultSampling), paired: parameters.paired)
    }
}

extension ExplanationSettings.SideSeeds {
    fileprivate init(_ seeds: Seeds) { self.init(image: seeds.image, text: seeds.text) }
}

extension OpenRequest {
    /// - Throws: `ParameterError` that names the parameter.
    package init(_ parameters: ExplanationOpen.Parameters) throws(ParameterError) {
        let sides = try Self.sides(parameters)
        let unit: ExplanationScale.Unit? =
            switch parameters.scale {
            case nil: nil
            case .logits?: .logits
            case .cosine?: .cosine
            }
        self.init(
            model: parameters.model, first: sides.first, second: sides.second, unit: unit,
            prior: try OpenRequest.Prior(parameters.prior ?? ExplanationOpen.Parameters.defaultPrior),
            settings: try ExplanationSettings(parameters))
    }
}

extension OpenRequest.Prior {
    /// - Throws: `ParameterError` for what is neither a word of the contract nor a map's name.
    fileprivate init(_ choice: String) throws(ParameterError) {
        switch choice {
        case "learnt": self = .learnt
        case "pass": self = .pass
        default:
            guard choice.utf8.count == 16, choice.allSatisfy({ $0.isHexDigit && !$0.isUppercase }) else {
                throw ParameterError(
                    "prior", "must be \"learnt\", \"pass\", or the 16 hexadecimal digits that name a learnt map")
            }
            self = .map(choice)
        }
    }
}

extension OpenRequest.ImageChoice {
    /// - Parameter parameter: what an error names.
    init(_ choice: ImagePlayersChoice?, _ parameter: String) throws(ParameterError) {
        guard let choice else {
            self = .patches
            return
        }
        switch (choice.grid, choice.regions) {
        case (let grid?, nil): self = .grid(rows: grid.rows, columns: grid.columns)
        case (nil, let regions?): self = .regions(regions)
        default: throw ParameterError(parameter, "takes exactly one of grid and regions")
        }
    }
}

extension PlayerGrouping {
    /// - Parameter parameter: what an error names.
    init(_ choice: TextPlayersChoice, _ parameter: String) throws(ParameterError) {
        switch choice {
        case .tokens: self = .tokens
        case .words: self = .words
        case .spans(let spans):
            var ranges: [Range<Int>] = []
            for (index, span) in spans.enumerated() {
                guard span.count == 2, span[0] < span[1] else {
                    throw ParameterError(
                        "\(parameter).spans[\(index)]", "must be [start, end] with start before end; it is \(span)")
                }
                ranges.append(span[0]..<span[1])
            }
            self = .spans(ranges)
        }
    }
}

extension RefinementRequest {
    package init(_ parameters: ExplanationRefine.Parameters) {
        self.init(
            imageMasks: parameters.budget?.imageMasks, textMasks: parameters.budget?.textMasks,
            deadlineMilliseconds: parameters.deadlineMilliseconds,
            until: parameters.until.map {
                Until(
                    standardError: $0.standardError, topK: $0.topK, stableRounds: $0.stableRounds,
                    usualTopK: StopRule.defaultTopK, usualStableRounds: StopRule.defaultStableRounds)
            })
    }
}

extension EstimateChoice {
    package init(_ selection: Selection) {
        self.init(estimator: selection.estimator.map { Estimator($0) }, order: selection.order)
    }
}

extension Selection {
    /// - Parameter object: the parameter that holds the selection's members, nil where they are the request's own.
    func check(at object: String?, for explanation: Explanation) throws(ParameterError) {
        try checking(object) { () throws(ParameterError) in
            if case .top(let count) = layout.pairs, count < 0 {
                throw ParameterError("pairs.top", "must not be negative; it is \(count)")
            }
            _ = try explanation.settings.estimatorSettings(EstimateChoice(self), standardErrors: false)
        }
    }
}

extension Evaluation.Metric {
    /// - Throws: `ParameterError` where the pointing game has no targets.
    init(_ parameters: ExplanationEvaluate.Parameters) throws(ParameterError) {
        switch parameters.metric {
        case .faithfulness:
            self = .faithfulness(
                Evaluation.Draw(
                    samples: parameters.samples ?? ExplanationEvaluate.Parameters.defaultSamples, p: parameters.p,
                    sampling: parameters.sampling.map { .init($0) },
                    seed: UInt64(parameters.seed ?? ExplanationEvaluate.Parameters.defaultSeed),
                    players: .init(parameters.players ?? ExplanationEvaluate.Parameters.defaultPlayers)))
        case .insertionDeletion: self = .insertionDeletion
        case .pointingGame:
            guard let targets = parameters.targets, !targets.isEmpty else {
                throw ParameterError(
                    "targets", "must list the class words: {\"textPlayers\": [0], \"quadrant\": \"topLeft\"}, …")
            }
            self = .pointingGame(targets.map { ($0.textPlayers, Quadrant($0.quadrant)) })
        case .mapCorrelation:
            self = .mapCorrelation(
                masks: parameters.masks ?? ExplanationEvaluate.Parameters.defaultMasks,
                seed: UInt64(parameters.seed ?? ExplanationEvaluate.Parameters.defaultSeed))
        }
    }
}
