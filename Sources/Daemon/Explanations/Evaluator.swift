import Interactions
import LinearAlgebra

/// How an explanation is measured.
struct Evaluation: Sendable {
    enum Metric: Sendable {
        case faithfulness(Draw)
        case insertionDeletion
        case pointingGame([(textPlayers: [Int], quadrant: Quadrant)])
        /// Beside the map of an estimate on `masks` image masks of another seed.
        case mapCorrelation(masks: Int, seed: UInt64)
    }

    /// The coalitions that the values are measured on; nil takes what fits the explanation.
    struct Draw: Sendable {
        enum Sampling: Sendable { case bernoulli, shapley }
        /// Whose coalitions they are; the text is shown whole with those of the image alone.
        enum Players: Sendable { case all, image }

        var samples: Int
        var p: Double?
        var sampling: Sampling?
        var seed: UInt64
        var players: Players
    }

    enum Result: Sendable {
        case faithfulness(Faithfulness, samples: Int)
        case insertionDeletion(InsertionDeletion)
        case pointingGame(Double?)
        case mapCorrelation(Double?)
    }
}

/// Measures explanations by the paper's metrics and on coalitions of a client's; both encode further masks.
struct Evaluator: Sendable {
    let explanations: ExplanationStore
    let scheduler: EncodeScheduler
    let games: GameStore
    let solver: WorkThreads
    let arithmetic: WorkThreads
    let limits: MaskLimits

    /// - Throws: `ParameterError`; `ApplicationError` of kind `budgetInvalid` before the first masks, `memoryLimit`.
    func evaluate(
        _ explanation: Explanation, by metric: Evaluation.Metric, choice: EstimateChoice
    ) async throws -> Evaluation.Result {
        try await explanations.using(explanation) {
            let estimate = try await explanation.estimate(choice, standardErrors: false, on: solver)
            do {
                switch metric {
                case .faithfulness(let draw):
                    return .faithfulness(
                        try await faithfulness(explanation, estimate, draw), samples: draw.samples)
                case .insertionDeletion: return .insertionDeletion(try await curves(explanation, estimate))
                case .pointingGame(let targets):
                    guard explanation.inputs.count > 1, let image = explanation.inputs[0].image,
                        explanation.inputs[1].modality == .text
                    else {
                        throw ParameterError(
                            "metric", "cannot be the pointing game, which is about an image and words")
                    }
                    return .pointingGame(try estimate.pointingGame(targets, image: image.players))
                case .mapCorrelation(let masks, let seed):
                    let reference = try await self.reference(explanation, choice, masks: masks, seed: seed)
                    return .mapCorrelation(estimate.imageMapCorrelation(with: reference))
                }
            } catch let error as InteractionError {
                throw ApplicationError.estimation(error, renaming: "players", to: "targets")
            }
        }
    }

    private func faithfulness(
        _ explanation: Explanation, _ estimate: InteractionValues, _ draw: Evaluation.Draw
    ) async throws -> Faithfulness {
        guard (2...limits.image).contains(draw.samples) else {
            throw ParameterError("samples", "must be from 2 to \(limits.image); it is \(draw.samples)")
        }
        let distribution = try distribution(draw, estimate)
        let coalitions = try await arithmetic.run { _ in
            try evaluationCoalitions(
                imagePlayers: estimate.imagePlayers, textPlayers: estimate.textPlayers, distribution: distribution,
                count: draw.samples, seed: draw.seed, showsWholeText: draw.players == .image
            ).map { $0.image.joined(with: $0.text) }
        }
        let truth = try await trueValues(of: coalitions, explanation).map { $0 - estimate.emptyValue }
        return try await solver.run { turn in
            var predicted: [Double] = []
            for coalition in coalitions {
                try turn.check()
                predicted.append(estimate.predict(coalition))
            }
            return try Faithfulness(truth: truth, predicted: predicted)
        }
    }

    /// The explanation's estimate on image masks of another seed, in the model's own precision.
    private func reference(
        _ explanation: Explanation, _ choice: EstimateChoice, masks: Int, seed: UInt64
    ) async throws -> InteractionValues {
        guard (8...limits.image).contains(masks) else {
            throw ParameterError("masks", "must be from 8 to \(limits.image); it is \(masks)")
        }
        guard explanation.inputs.count == 2, explanation.fixed == nil, explanation.inputs[0].modality == .image,
            explanation.inputs[1].modality == .text
        else {
            throw ParameterError("metric", "cannot be \"mapCorrelation\", which is about an image and a caption")
        }
        let (image, caption) = (explanation.inputs[0], explanation.inputs[1])
        guard image.plan.joint == nil else {
            throw ParameterError("metric", "\"mapCorrelation\" needs image and text masks that are drawn apart")
        }
        let settings = try explanation.settings.estimatorSettings(choice, standardErrors: false)
        let textMasks = await explanation.textMasks
        // Seeds of clients have 32 bits, so no explanation's own masks are drawn from this one.
        let plan = try SamplingPlan(
            players: image.plan.players, modality: .image, nodes: image.plan.nodes, seed: seed | 1 << 32,
            paired: image.plan.paired)
        let none = GameSamples(players: plan.players, dimension: explanation.model.loaded.dimension)
        let coalitions = try await arithmetic.run { _ in plan.missing(upTo: masks, in: none) }
        var encoder = explanation.encoder(on: scheduler)
        encoder.precise = true
        return try await games.withRoom(for: coalitions.count * explanation.model.loaded.dimension * 4) { [encoder] in
            let samples = try await preciseSamples(image.game, coalitions, explanation) {
                try await image.encode($0, with: encoder, masking: explanation.settings.masking)
            }
            let text = GameSide(samples: await caption.game.samples, plan: caption.plan, masks: textMasks)
            let scale = explanation.scale
            return try await solver.run { turn in
                try Interactions.estimate(
                    image: GameSide(samples: samples, plan: plan, masks: masks), text: text, scale: scale.factor,
                    bias: scale.bias, settings: settings, isCancelled: turn.isCancelled)
            }
        }
    }

    private func distribution(
        _ draw: Evaluation.Draw, _ estimate: InteractionValues
    ) throws -> CoalitionDistribution {
        let natural: Evaluation.Draw.Sampling = draw.p == nil && estimate.index == .shapley ? .shapley : .bernoulli
        switch draw.sampling ?? natural {
        case .bernoulli: return .bernoulli(draw.p ?? estimate.p)
        case .shapley:
            guard draw.p == nil else {
                throw ParameterError("p", "is for Bernoulli sampling; the Shapley kernel has none")
            }
            return .shapley
        }
    }

    private func curves(
        _ explanation: Explanation, _ estimate: InteractionValues
    ) async throws -> InsertionDeletion {
        let (keep, lose) = try await solver.run { turn in
            try InsertionDeletion.coalitions(estimate, cancellation: Cancellation(turn.isCancelled))
        }
        let values = try await trueValues(of: keep + lose, explanation)
        return try InsertionDeletion(
            keep: Array(values.prefix(keep.count)), lose: Array(values.dropFirst(keep.count)),
            emptyValue: estimate.emptyValue, fullValue: estimate.fullValue)
    }

    /// True values of coalitions of all players, image players first, and what the estimate predicts for them, once
    /// there is one.
    /// - Throws: `ParameterError` on `coalitions`.
    func values(
        of members: [[Int]], _ explanation: Explanation, choice: EstimateChoice
    ) async throws -> (values: [Double], predicted: [Double]?) {
        let players = explanation.players
        guard (1...limits.image).contains(members.count) else {
            throw ParameterError("coalitions", "must be from 1 to \(limits.image); there are \(members.count)")
        }
        return try await explanations.using(explanation) {
            let coalitions = try await arithmetic.run { turn in
                try members.enumerated().map { index, members in
                    try turn.check()
                    guard members.allSatisfy({ $0 >= 0 && $0 < players }), Set(members).count == members.count else {
                        throw ParameterError(
                            "coalitions[\(index)]",
                            "must name players from 0 to \(players - 1), each at most once; it is \(members)")
                    }
                    return Coalition(members, of: players)
                }
            }
            let values = try await trueValues(of: coalitions, explanation)
            guard await explanation.hasMasks else { return (values, nil) }
            let estimate = try await explanation.estimate(choice, standardErrors: false, on: solver)
            let predicted = try await solver.run { turn in
                try coalitions.map { coalition in
                    try turn.check()
                    return estimate.emptyValue + estimate.predict(coalition)
                }
            }
            return (values, predicted)
        }
    }

    /// True values v(z) of coalitions of all players in the model's own precision; masks not seen yet in that precision
    /// are encoded.
    private func trueValues(of coalitions: [Coalition], _ explanation: Explanation) async throws -> [Double] {
        let (inputs, ranges) = (explanation.inputs, explanation.ranges)
        let wanted = try await arithmetic.run { turn in
            try ranges.map { range in
                try turn.check()
                return Array(Set(coalitions.map { $0.slice(range) }))
            }
        }
        var encoder = explanation.encoder(on: scheduler)
        encoder.precise = true
        let dimension = explanation.model.loaded.dimension
        let samples = try await games.withRoom(for: wanted.reduce(0) { $0 + $1.count } * dimension * 4) {
            [encoder] in
            var samples: [GameSamples] = []
            for (input, wanted) in zip(inputs, wanted) {
                samples.append(
                    try await preciseSamples(input.game, wanted, explanation) {
                        try await input.encode($0, with: encoder, masking: explanation.settings.masking)
                    })
            }
            return samples
        }
        return try await solver.run { turn in
            try coalitions.map { coalition in
                try turn.check()
                var rows: [ArraySlice<Float>] = []
                for (range, samples) in zip(ranges, samples) {
                    guard let row = samples.row(of: coalition.slice(range)) else { return .nan }
                    rows.append(samples.embedding(row: row))
                }
                var product = explanation.fixed.map { innerProduct(rows[0], $0[...]) } ?? 0
                for (input, row) in zip(inputs, rows).dropFirst() {
                    product += input.weight * innerProduct(rows[0], row)
                }
                return explanation.scale.factor * product + explanation.scale.bias
            }
        }
    }

    /// The embeddings of coalitions in the model's own precision: from the explanation's game, or from a game beside it
    /// where that one holds coarser masks.
    private func preciseSamples(
        _ game: MaskedGame, _ coalitions: [Coalition], _ explanation: Explanation, _ encode: @escaping MaskedGame.Encode
    ) async throws -> GameSamples {
        let model = explanation.model
        let hold = try await games.hold(
            game.key.with(model.preciseGameModel), players: await game.samples.players,
            dimension: model.loaded.dimension)
        guard try await hold.game.encode(coalitions, with: encode) else { throw CancellationError() }
        let samples = await hold.game.samples
        games.book(hold.game.key, masks: samples.count, bytes: samples.bytes)
        return samples
    }
}

/// ⟨a, b⟩.
func innerProduct(_ a: ArraySlice<Float>, _ b: ArraySlice<Float>) -> Double {
    zip(a, b).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }
}

extension Coalition {
    /// The coalition over this one's players and, after them, another's.
    fileprivate func joined(with other: Coalition) -> Coalition {
        Coalition(members + other.members.map { $0 + count }, of: count + other.count)
    }
}
