import FIxLIPProtocol
import Foundation
import Interactions
import JSON
import JSONRPC

extension Services {
    /// `explanation/open`, `refine`, `stop`, `values`, `list`, `close` and `explain`
    func registerExplanationMethods(in table: inout MethodTable) {
        table.on(ExplanationOpen.self) { parameters, context in
            let explanation = try await open(parameters)
            closeIfNobodyHears(of: explanation, context)
            return await opened(explanation)
        }

        table.on(ExplanationRefine.self) { parameters, context in
            let explanation = try await explanations.find(parameters.explanation)
            return try await refine(explanation, parameters, selectionAt: "values", context)
        }

        table.on(ExplanationStop.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            return ExplanationStop.Result(stopped: await explanation.stop())
        }

        table.on(ExplanationValues.self) { parameters, _ in
            let explanation = try await explanations.find(parameters.explanation)
            let values = try await values(of: explanation, parameters.selection)
            return ExplanationValues.Result(
                explanation: explanation.id, imageMasks: await explanation.imageMasks,
                textMasks: await explanation.textMasks, values: values)
        }

        table.on(ExplanationList.self) { _, _ in
            ExplanationList.Result(explanations: await summaries())
        }

        table.on(ExplanationClose.self) { parameters, _ in
            try await explanations.close(parameters.explanation)
            return Acknowledgement()
        }

        table.on(Explain.self) { parameters, context in
            let isReproducible = parameters.reproducible ?? Explain.Parameters.defaultReproducible
            guard !isReproducible || parameters.deadlineMilliseconds == nil else {
                throw ParameterError(
                    "reproducible", "cannot be kept with deadlineMilliseconds; give a budget or until instead")
            }
            let explanation = try await open(parameters.open, adoptsWarmMasks: !isReproducible)
            let isWatched = parameters.progressToken != nil || parameters.until != nil || parameters.render != nil
            do {
                if let options = parameters.render { try await checkDrawing(of: explanation, options, at: "render") }
                let refined = try await refine(
                    explanation, parameters.refine(explanation.id), selectionAt: nil, context,
                    pace: !isReproducible ? .timed : isWatched ? .fixed : .straight)
                var rendered: Rendered?
                if let options = parameters.render {
                    rendered = try await render(explanation, comparedWith: nil, options, at: "render")
                }
                let opened = await opened(explanation)
                try await explanations.close(explanation.id)
                return Explain.Result(opened: opened, refined: refined, render: rendered)
            } catch {
                try? await explanations.close(explanation.id)
                throw error
            }
        }
    }

    /// The reply tells the client the handle; without it, nobody would close it.
    func closeIfNobodyHears(of explanation: Explanation, _ context: RequestContext) {
        context.ifReplyIsLost { [explanations] in try? await explanations.close(explanation.id) }
    }

    func values(of explanation: Explanation, _ selection: Selection) async throws -> Values {
        try check(selection, at: nil, for: explanation)
        let wantsErrors = selection.standardErrors ?? EstimateLayout.defaultStandardErrors
        let estimate = try await explanation.estimate(selection, standardErrors: wantsErrors, on: solver)
        return Values(estimate, selection, errorsWanted: wantsErrors)
    }

    /// - Parameter object: the parameter that holds the selection's members, nil where they are the request's own.
    private func check(_ selection: Selection, at object: String?, for explanation: Explanation) throws(ParameterError)
    {
        try checking(object) { () throws(ParameterError) in
            if case .top(let count) = selection.pairs, count < 0 {
                throw ParameterError("pairs.top", "must not be negative; it is \(count)")
            }
            _ = try explanation.settings.estimatorSettings(selection, standardErrors: false)
        }
    }

    /// Runs `body`, during which an explanation's games and model are in use: it is not idle until the end of that.
    func using<Value: Sendable>(
        _ explanation: Explanation, refiningBy control: RefinementControl? = nil,
        _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        func end() async {
            await explanations.touch(explanation.id)
            await explanation.end(control)
        }
        await explanation.begin(control)
        do {
            let value = try await body()
            await end()
            return value
        } catch {
            await end()
            throw error
        }
    }

    func summaries() async -> [ExplanationSummary] {
        var result: [ExplanationSummary] = []
        for explanation in await explanations.all {
            let bytes = await games.bytes(of: [explanation.imageGame.key, explanation.textGame.key])
            result.append(await explanation.summary(bytes: bytes + explanation.ownBytes))
        }
        return result
    }

    func opened(_ explanation: Explanation) async -> ExplanationOpen.Result {
        let ends = explanation.ends
        return ExplanationOpen.Result(
            explanation: explanation.id, model: explanation.lease.id, players: explanation.players,
            emptyValue: ends.empty, fullValue: ends.full, cosine: ends.cosine, truncated: explanation.isTruncated,
            warm: ExplanationOpen.Warm(
                imageMasks: await explanation.imageMasks, textMasks: await explanation.textMasks))
    }

    private func refine(
        _ explanation: Explanation, _ parameters: ExplanationRefine.Parameters, selectionAt object: String?,
        _ context: RequestContext, pace: Refinement.Pace = .timed
    ) async throws -> ExplanationRefine.Result {
        guard await !explanation.isImported else {
            throw ApplicationError(
                .budgetInvalid,
                "the explanation '\(explanation.id)' was imported and has no masks to add to; "
                    + "open its image and caption with explanation/open to estimate anew")
        }
        let goal = try RefinementGoal(parameters, for: explanation, configuration)
        let selection = parameters.values ?? Selection()
        try check(selection, at: object, for: explanation)
        let control = RefinementControl()
        let start = ContinuousClock.now
        let deadline = parameters.deadlineMilliseconds.map {
            RefinementDeadline(start + .milliseconds($0), ending: control)
        }
        defer { deadline?.cancel() }
        let token = parameters.progressToken
        let refinement = Refinement(
            explanation: explanation, encoder: explanation.encoder(on: scheduler), store: games, solver: solver,
            arithmetic: arithmetic, goal: goal, deadline: deadline, selection: selection,
            pace: pace, sendsValues: parameters.values != nil
        ) { progress in
            guard let token, let token = try? JSONValue(encoding: token), let value = try? JSONValue(encoding: progress)
            else { return }
            context.sendProgress(token: token, value: value)
        }
        let reason = try await using(explanation, refiningBy: control) {
            try await withTaskCancellationHandler {
                try await refinement.run(control)
            } onCancel: {
                control.end(.cancelled)
            }
        }
        let wantsErrors = selection.standardErrors ?? EstimateLayout.defaultStandardErrors
        let estimate = try await explanation.estimate(selection, standardErrors: wantsErrors, on: solver)
        await explanation.record(Explanation.Checkpoint(estimate))
        await explanations.touch(explanation.id)
        let values = Values(estimate, selection, errorsWanted: wantsErrors)
        return ExplanationRefine.Result(
            explanation: explanation.id, imageMasks: await explanation.imageMasks,
            textMasks: await explanation.textMasks, stopReason: reason,
            elapsedMilliseconds: (ContinuousClock.now - start).milliseconds, looR2: values.looR2, values: values)
    }
}
