import FIxLIPProtocol
import Interactions
import JSON
import JSONRPC
import LinearAlgebra

/// `explanation/subset`, `condition`, `compare`, `export`, `import`, `evaluate`, `coalitions`
struct ReadingHandlers: Sendable {
    let explanations: ExplanationStore
    let importer: Importer
    let evaluator: Evaluator
    let solver: WorkThreads

    func register(in table: inout MethodTable) {
        table.on(ExplanationCondition.self) { parameters, _ in
            try await read(parameters.explanation) { estimate, explanation, _ in
                let row = try estimate.condition(on: parameters.player)
                return ExplanationCondition.Result(
                    parameters.player, first: estimate.first[parameters.player], row, of: explanation)
            }
        }

        table.on(ExplanationSubset.self) { parameters, _ in
            guard (parameters.size == nil) != (parameters.sizes == nil) else {
                throw ParameterError("size", "or \"sizes\" must be given, and not both")
            }
            let sizes = parameters.sizes ?? parameters.size.map { [$0] } ?? []
            guard !sizes.isEmpty else { throw ParameterError("sizes", "must not be empty") }
            let objective: Subset.Objective = parameters.objective == .min ? .min : .max
            return try await read(parameters.explanation) { estimate, _, turn in
                guard sizes.count <= estimate.players + 1 else {
                    throw ParameterError(
                        "sizes",
                        "has \(sizes.count) sizes, but subsets of \(estimate.players) players have no more than "
                            + "\(estimate.players + 1)")
                }
                if let wrong = sizes.firstIndex(where: { !(0...estimate.players).contains($0) }) {
                    throw ParameterError(
                        parameters.size == nil ? "sizes[\(wrong)]" : "size",
                        "must be from 0 to the \(estimate.players) players; it is \(sizes[wrong])")
                }
                return ExplanationSubset.Result(
                    subsets: try estimate.subsets(
                        sizes: sizes, objective: objective, cancellation: Cancellation(turn.isCancelled)
                    ).map {
                        ExplanationSubset.Subset(size: $0.size, players: $0.members.members, value: $0.predicted)
                    }, exact: estimate.players <= InteractionValues.exactSubsetPlayers)
            }
        }

        table.on(ExplanationCompare.self) { parameters, _ in
            guard parameters.explanations.count == 2 else {
                throw ParameterError("explanations", "must name two; there are \(parameters.explanations.count)")
            }
            let first = try await read(parameters.explanations[0]) {
                estimate, explanation, turn in
                (side: try ComparisonSide(explanation, estimate, turn), pictures: explanation.images.map(\.picture))
            }
            let second = try await read(parameters.explanations[1]) {
                estimate, explanation, turn in
                (side: try ComparisonSide(explanation, estimate, turn), pictures: explanation.images.map(\.picture))
            }
            let comparison = try await solver.run { _ in
                let comparison = try Comparison(first.side, second.side)
                let picturesAgree =
                    !first.pictures.isEmpty && first.pictures.count == second.pictures.count
                    && zip(first.pictures, second.pictures).allSatisfy { $0.shows($1) }
                guard comparison.sharesWords || picturesAgree else {
                    throw ParameterError(
                        "explanations",
                        "have no players in common: their pictures differ, and no word is in both captions")
                }
                return comparison
            }
            return ExplanationCompare.Result(comparison, parameters.explanations)
        }

        table.on(ExplanationExport.self) { parameters, _ in
            try await read(parameters.explanation) { estimate, explanation, turn in
                switch parameters.format {
                case .shapiq:
                    let file = try ShapiqFile(estimate, turn).json
                    try turn.check()
                    return ExplanationExport.Result(mimeType: "application/json", content: try file.text())
                case .json:
                    let file = try JSONValue(
                        encoding: ExplanationFile(explanation, Values(estimate, Selection(), errorsWanted: true)))
                    try turn.check()
                    return ExplanationExport.Result(mimeType: "application/json", content: try file.text(pretty: true))
                }
            }
        }

        table.on(ExplanationImport.self) { parameters, context in
            let explanation = try await importer.open(parameters.content) { index, order in
                try OpenRequest(parameters.open(index: index == .shapley ? .shapley : .banzhaf, order: order))
            }
            explanations.closeIfNobodyHears(of: explanation, context)
            return await ExplanationOpen.Result(explanation)
        }

        table.on(ExplanationEvaluate.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            return ExplanationEvaluate.Result(
                try await evaluator.evaluate(
                    explanation, by: Evaluation.Metric(parameters),
                    choice: EstimateChoice(
                        estimator: parameters.estimator.map { Estimator($0) }, order: parameters.order)))
        }

        table.on(ExplanationCoalitions.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            let (values, predicted) = try await evaluator.values(
                of: parameters.coalitions, explanation,
                choice: EstimateChoice(
                    estimator: parameters.estimator.map { Estimator($0) }, order: parameters.order))
            return ExplanationCoalitions.Result(values: values, predicted: predicted)
        }
    }

    /// Reads an explanation's current estimate, with its standard errors, off the cooperative pool.
    private func read<Value: Sendable>(
        _ id: String, _ body: @escaping @Sendable (InteractionValues, Explanation, WorkTurn) throws -> Value
    ) async throws -> Value {
        let explanation = try await explanations.find(id)
        let estimate = try await explanation.estimate(EstimateChoice(), standardErrors: true, on: solver)
        do {
            return try await solver.run { turn in
                try turn.check()
                return try body(estimate, explanation, turn)
            }
        } catch let error as InteractionError {
            throw ApplicationError.estimation(error)
        }
    }
}
