import FIxLIPProtocol
import Interactions
import JSON
import JSONRPC

/// `explanation/open`, `refine`, `stop`, `values`, `list`, `close`, `explain`
struct ExplanationHandlers: Sendable {
    let explanations: ExplanationStore
    let games: GameStore
    let opener: Opener
    let refiner: Refiner
    let drawer: Drawer
    let solver: WorkThreads

    func register(in table: inout MethodTable) {
        table.on(ExplanationOpen.self) { parameters, context in
            let explanation = try await opener.open(OpenRequest(parameters))
            explanations.closeIfNobodyHears(of: explanation, context)
            return await ExplanationOpen.Result(explanation)
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
            let selection = parameters.selection
            try selection.check(at: nil, for: explanation)
            let wantsErrors = selection.standardErrors ?? EstimateLayout.defaultStandardErrors
            let estimate = try await explanation.estimate(
                EstimateChoice(selection), standardErrors: wantsErrors, on: solver)
            return ExplanationValues.Result(
                explanation: explanation.id, imageMasks: await explanation.imageMasks,
                textMasks: await explanation.textMasks,
                values: try await read(estimate, selection, errorsWanted: wantsErrors))
        }

        table.on(ExplanationList.self) { _, _ in
            ExplanationList.Result(explanations: await explanations.summaries(games))
        }

        table.on(ExplanationClose.self) { parameters, _ in
            try await explanations.close(parameters.explanation)
            return Acknowledgement()
        }

        table.on(Explain.self) { parameters, context in try await explain(parameters, context) }
    }

    private func explain(_ parameters: Explain.Parameters, _ context: RequestContext) async throws -> Explain.Result {
        let isReproducible = parameters.reproducible ?? Explain.Parameters.defaultReproducible
        guard !isReproducible || parameters.deadlineMilliseconds == nil else {
            throw ParameterError(
                "reproducible", "cannot be kept with deadlineMilliseconds; give a budget or until instead")
        }
        let explanation = try await opener.open(
            OpenRequest(parameters.open), adoptsWarmMasks: !isReproducible)
        let isWatched = parameters.progressToken != nil || parameters.until != nil || parameters.render != nil
        do {
            let drawing = try parameters.render.map { try DrawingRequest($0, at: "render") }
            if let drawing { try await at("render") { try await drawer.check(drawing, of: explanation) } }
            let refined = try await refine(
                explanation, parameters.refine(explanation.id), selectionAt: nil, context,
                pace: !isReproducible ? .timed : isWatched ? .fixed : .straight)
            var rendered: Rendered?
            if let drawing {
                rendered = Rendered(
                    drawing.format, try await at("render") { try await drawer.draw(explanation, drawing) })
            }
            let opened = await ExplanationOpen.Result(explanation)
            try await explanations.close(explanation.id)
            return Explain.Result(opened: opened, refined: refined, render: rendered)
        } catch {
            try? await explanations.close(explanation.id)
            throw error
        }
    }

    /// The part of an estimate that a reply tells, taken off the cooperative pool: of many pairs the strongest are
    /// looked for, or all are written.
    private func read(
        _ estimate: InteractionValues, _ selection: Selection, errorsWanted: Bool
    ) async throws -> Values {
        try await solver.run { turn in
            try turn.check()
            return Values(estimate, selection, errorsWanted: errorsWanted)
        }
    }

    private func refine(
        _ explanation: Explanation, _ parameters: ExplanationRefine.Parameters, selectionAt object: String?,
        _ context: RequestContext, pace: RefinementRun.Pace = .timed
    ) async throws -> ExplanationRefine.Result {
        let selection = parameters.values ?? Selection()
        let wantsErrors = selection.standardErrors ?? EstimateLayout.defaultStandardErrors
        let token = parameters.progressToken.flatMap { try? JSONValue(encoding: $0) }
        let refined = try await refiner.refine(
            explanation, RefinementRequest(parameters), choice: EstimateChoice(selection),
            standardErrors: wantsErrors, pace: pace,
            checking: { try selection.check(at: object, for: explanation) }
        ) { report in
            guard let token,
                let value = try? JSONValue(
                    encoding: RefinementProgress(report, parameters.values == nil ? nil : selection))
            else { return }
            context.sendProgress(token: token, value: value)
        }
        let values = try await read(refined.estimate, selection, errorsWanted: wantsErrors)
        return ExplanationRefine.Result(
            explanation: explanation.id, imageMasks: await explanation.imageMasks,
            textMasks: await explanation.textMasks, stopReason: StopReason(refined.reason),
            elapsedMilliseconds: refined.elapsedMilliseconds, looR2: values.looR2, values: values)
    }
}

extension ExplanationStore {
    /// The reply tells the client the handle; without it, nobody would close it.
    nonisolated func closeIfNobodyHears(of explanation: Explanation, _ context: RequestContext) {
        context.ifReplyIsLost { [id = explanation.id] in try? await self.close(id) }
    }
}
