import ArgumentParser
import FIxLIPProtocol
import JSON
import JSONRPC

/// The measures of one pair: its explanation opened, refined, measured and closed.
struct PairEvaluation {
    /// The line that is written for the pair.
    private(set) var json: JSONValue
    /// What enters the summary.
    private(set) var measures: [(name: String, value: Double?)] = []

    /// - Throws: what the daemon answers, `WordlessCaption`, or `ValidationError` where a target's word is not in the
    ///   caption.
    init(
        _ pair: EvaluationPair, _ command: Evaluate, _ client: RPCClient, _ interrupt: InterruptWatch
    ) throws {
        let match = try command.options.parameters(image: pair.image, text: pair.text, model: command.model)
        let opened = try client.call(ExplanationOpen.self, match, interrupt: interrupt)
        let handle = opened.explanation
        defer { _ = try? client.call(ExplanationClose.self, .init(explanation: handle)) }
        guard !opened.players.text.isEmpty else { throw WordlessCaption() }
        let targets = pair.targets.isEmpty ? nil : try pair.targets(among: opened.players.text)
        let refined = try client.call(
            ExplanationRefine.self,
            .init(
                explanation: handle, rules: command.refinement.rules,
                values: Selection(layout: .init(pairs: PairSelection.none))), interrupt: interrupt)
        json = JSONValue.object(["id": pair.id]).adding(
            try JSONValue.members(
                of: Facts(
                    image: pair.image, text: pair.text, fullValue: opened.fullValue, emptyValue: opened.emptyValue,
                    imageMasks: refined.imageMasks, textMasks: refined.textMasks, looR2: refined.looR2)))

        func evaluate(_ parameters: ExplanationEvaluate.Parameters) throws -> ExplanationEvaluate.Result {
            try client.call(ExplanationEvaluate.self, parameters, interrupt: interrupt)
        }
        func isWanted(_ metric: EvaluationMetric) -> Bool { command.metric.isEmpty || command.metric.contains(metric) }
        if isWanted(.faithfulness) {
            var rows: [JSONValue] = []
            let settings = command.at.isEmpty ? [nil] : command.at.map(Optional.some)
            let sides: [EvaluatedPlayers?] = command.imageSide ? [nil, .image] : [nil]
            for (players, setting) in sides.flatMap({ side in settings.map { (side, $0) } }) {
                let result = try evaluate(
                    .init(
                        explanation: handle, metric: .faithfulness, samples: command.samples, p: setting?.p,
                        sampling: setting?.sampling, players: players, seed: command.samplesSeed))
                let scores = try Self.required(result.faithfulness, "faithfulness")
                let place = (setting.map { " at \($0.name)" } ?? "") + (players == .image ? ", image side" : "")
                measures.append((name: "R²\(place)", value: scores.rSquared))
                measures.append((name: "Spearman\(place)", value: scores.spearman))
                let members =
                    (try setting.map { try JSONValue.members(of: $0) } ?? [])
                    + (players == .image ? [("players", "image")] : [])
                rows.append(JSONValue.object([:]).adding(members + (try JSONValue.members(of: scores))))
            }
            json = json.adding([("faithfulness", .array(rows))])
        }
        if isWanted(.insertionDeletion) {
            let result = try evaluate(.init(explanation: handle, metric: .insertionDeletion))
            let curves = try Self.required(result.insertionDeletion, "insertionDeletion")
            measures.append((name: "insertion/deletion, AID", value: curves.areaBetween))
            json = json.adding([("insertionDeletion", try JSONValue(encoding: curves))])
        }
        if command.metric.contains(.mapCorrelation) {
            let value = try evaluate(
                .init(
                    explanation: handle, metric: .mapCorrelation, masks: command.mapMasks, seed: command.samplesSeed)
            ).mapCorrelation
            measures.append((name: "map, correlation", value: value))
            json = json.adding([("mapCorrelation", value.map { .real($0) } ?? .null)])
        }
        if isWanted(.pointingGame), let targets, command.options.order != 1 {
            let score = try evaluate(.init(explanation: handle, metric: .pointingGame, targets: targets)).pointingGame
            measures.append((name: "pointing game, PGR", value: score))
            json = json.adding([("pointingGame", score.map { .real($0) } ?? .null)])
        }
    }

    /// What the line tells of the explanation itself.
    private struct Facts: Encodable {
        let image, text: String
        let fullValue, emptyValue: Double
        let imageMasks, textMasks: Int
        let looR2: Double?
    }

    /// The part of a result that the metric asked for gives.
    private static func required<Part>(_ part: Part?, _ name: String) throws(RPCClientError) -> Part {
        guard let part else {
            throw .malformed("the daemon's reply to '\(ExplanationEvaluate.name)' has no '\(name)'")
        }
        return part
    }
}
