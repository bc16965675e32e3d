import FIxLIPProtocol
import Interactions

extension Services {
    /// True values v(z) of coalitions of all players, image players first, in the model's own precision; masks not seen
    /// yet in that precision are encoded.
    func trueValues(of coalitions: [(image: Coalition, text: Coalition)], _ explanation: Explanation) async throws
        -> [Double]
    {
        let model = explanation.lease.model.loaded
        let (images, texts) = try await arithmetic.run {
            (Array(Set(coalitions.map(\.image))), Array(Set(coalitions.map(\.text))))
        }
        var encoder = explanation.encoder(on: scheduler)
        encoder.precise = true
        let (imageSamples, textSamples) = try await games.withRoom(
            for: (images.count + texts.count) * model.dimension * 4
        ) { [encoder] in
            (
                try await preciseSamples(explanation.imageGame, images, explanation) {
                    try await encoder.encode($0, of: explanation.maskedImage)
                },
                try await preciseSamples(explanation.textGame, texts, explanation) {
                    try await encoder.encode($0, of: explanation.maskedText)
                }
            )
        }
        let (scale, bias) = (Double(model.logitScale), Double(model.logitBias))
        return try await solver.run {
            coalitions.map { coalition in
                guard let image = imageSamples.row(of: coalition.image), let text = textSamples.row(of: coalition.text)
                else { return .nan }
                let cosine = zip(imageSamples.embedding(row: image), textSamples.embedding(row: text))
                    .reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
                return scale * cosine + bias
            }
        }
    }

    /// The embeddings of coalitions in the model's own precision: from the explanation's game, or from a game beside it
    /// where that one holds coarser masks.
    private func preciseSamples(
        _ game: MaskedGame, _ coalitions: [Coalition], _ explanation: Explanation, _ encode: @escaping MaskedGame.Encode
    ) async throws -> GameSamples {
        let lease = explanation.lease
        let key = game.key.with(lease.preciseGameModel)
        let precise = try await games.hold(
            key, players: await game.samples.players, dimension: lease.model.loaded.dimension)
        do {
            guard try await precise.encode(coalitions, with: encode) else { throw CancellationError() }
        } catch {
            await games.release(key)
            throw error
        }
        let samples = await precise.samples
        await games.book(key, masks: samples.count, bytes: samples.bytes)
        await games.release(key)
        return samples
    }

    func evaluate(_ parameters: ExplanationEvaluate.Parameters) async throws -> ExplanationEvaluate.Result {
        let explanation = try await explanations.find(parameters.explanation)
        return try await using(explanation) {
            let estimate = try await explanation.estimate(
                Selection(estimator: parameters.estimator, order: parameters.order), standardErrors: false, on: solver)
            do {
                switch parameters.metric {
                case .faithfulness:
                    return .init(
                        metric: .faithfulness, faithfulness: try await faithfulness(explanation, estimate, parameters))
                case .insertionDeletion:
                    return .init(
                        metric: .insertionDeletion, insertionDeletion: try await curves(explanation, estimate))
                case .pointingGame:
                    return .init(
                        metric: .pointingGame, pointingGame: try pointingGame(explanation, estimate, parameters.targets)
                    )
                }
            } catch let error as InteractionError {
                throw ApplicationError.estimation(error, renaming: "players", to: "targets")
            }
        }
    }

    private func faithfulness(
        _ explanation: Explanation, _ estimate: InteractionValues, _ parameters: ExplanationEvaluate.Parameters
    ) async throws -> ExplanationEvaluate.Faithfulness {
        let samples = parameters.samples ?? ExplanationEvaluate.Parameters.defaultSamples
        guard (2...configuration.maximumImageMasks).contains(samples) else {
            throw ParameterError("samples", "must be from 2 to \(configuration.maximumImageMasks); it is \(samples)")
        }
        let distribution = try distribution(parameters, estimate)
        let coalitions = try await arithmetic.run {
            try evaluationCoalitions(
                imagePlayers: estimate.imagePlayers, textPlayers: estimate.textPlayers, distribution: distribution,
                count: samples, seed: UInt64(parameters.seed ?? ExplanationEvaluate.Parameters.defaultSeed))
        }
        let truth = try await trueValues(of: coalitions, explanation).map { $0 - estimate.emptyValue }
        let result = try await solver.run {
            try Faithfulness(
                truth: truth, predicted: coalitions.map { estimate.predict($0.image.joined(with: $0.text)) })
        }
        return ExplanationEvaluate.Faithfulness(
            samples: samples, rSquared: result.rSquared, pearson: result.pearson, spearman: result.spearman,
            kendall: result.kendall, meanSquaredError: result.meanSquaredError,
            meanAbsoluteError: result.meanAbsoluteError, cosine: result.cosine)
    }

    private func distribution(
        _ parameters: ExplanationEvaluate.Parameters, _ estimate: InteractionValues
    ) throws -> CoalitionDistribution {
        let natural: CoalitionSampling = parameters.p == nil && estimate.index == .shapley ? .shapley : .bernoulli
        switch parameters.sampling ?? natural {
        case .bernoulli: return .bernoulli(parameters.p ?? estimate.p)
        case .shapley:
            guard parameters.p == nil else {
                throw ParameterError("p", "is for Bernoulli sampling; the Shapley kernel has none")
            }
            return .shapley
        }
    }

    func coalitions(_ parameters: ExplanationCoalitions.Parameters) async throws -> ExplanationCoalitions.Result {
        let explanation = try await explanations.find(parameters.explanation)
        let players = explanation.imagePlayers.count + explanation.textPlayers.count
        guard (1...configuration.maximumImageMasks).contains(parameters.coalitions.count) else {
            throw ParameterError(
                "coalitions",
                "must be from 1 to \(configuration.maximumImageMasks); there are \(parameters.coalitions.count)")
        }
        return try await using(explanation) {
            let (coalitions, sides) = try await arithmetic.run {
                let coalitions = try parameters.coalitions.enumerated().map { index, members in
                    guard members.allSatisfy({ $0 >= 0 && $0 < players }), Set(members).count == members.count else {
                        throw ParameterError(
                            "coalitions[\(index)]",
                            "must name players from 0 to \(players - 1), each at most once; it is \(members)")
                    }
                    return Coalition(members, of: players)
                }
                return (coalitions, coalitions.map { $0.split(at: explanation.imagePlayers.count) })
            }
            let values = try await trueValues(of: sides, explanation)
            guard await explanation.imageMasks > 0, await explanation.textMasks > 0 else {
                return ExplanationCoalitions.Result(values: values, predicted: nil)
            }
            let estimate = try await explanation.estimate(
                Selection(estimator: parameters.estimator, order: parameters.order), standardErrors: false, on: solver)
            let predicted = try await solver.run { coalitions.map { estimate.emptyValue + estimate.predict($0) } }
            return ExplanationCoalitions.Result(values: values, predicted: predicted)
        }
    }

    private func curves(
        _ explanation: Explanation, _ estimate: InteractionValues
    ) async throws -> ExplanationEvaluate.Curves {
        let (keep, lose) = try await solver.run { InsertionDeletion.coalitions(estimate) }
        let split = (keep + lose).map { $0.split(at: estimate.imagePlayers) }
        let values = try await trueValues(of: split, explanation)
        let result = try InsertionDeletion(
            keep: Array(values.prefix(keep.count)), lose: Array(values.dropFirst(keep.count)),
            emptyValue: estimate.emptyValue, fullValue: estimate.fullValue)
        return ExplanationEvaluate.Curves(
            leastImportantFirst: result.leastImportantFirst, mostImportantFirst: result.mostImportantFirst,
            areaBetween: result.area)
    }

    private func pointingGame(
        _ explanation: Explanation, _ estimate: InteractionValues, _ targets: [ExplanationEvaluate.Target]?
    ) throws -> Double? {
        guard let targets, !targets.isEmpty else {
            throw ParameterError(
                "targets", "must list the class words: {\"textPlayers\": [0], \"quadrant\": \"topLeft\"}, …")
        }
        return try estimate.pointingGame(
            targets.map { ($0.textPlayers, Quadrant($0.quadrant)) }, image: explanation.imagePlayers)
    }
}

extension Quadrant {
    fileprivate init(_ choice: QuadrantChoice) {
        switch choice {
        case .topLeft: self = .topLeft
        case .topRight: self = .topRight
        case .bottomLeft: self = .bottomLeft
        case .bottomRight: self = .bottomRight
        }
    }
}

extension Coalition {
    /// The coalition over this one's players and, after them, another's.
    fileprivate func joined(with other: Coalition) -> Coalition {
        Coalition(members + other.members.map { $0 + count }, of: count + other.count)
    }
}
