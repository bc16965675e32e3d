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
        let opened = try client.call(
            "explanation/open",
            params: JSONValue.object(["image": .string(pair.image), "text": .string(pair.text)]).adding(
                [("model", command.model.model.map { .string(modelName($0)) })] + command.options.members),
            interrupt: interrupt)
        let handle: JSONValue = ["explanation": try opened.required("explanation", of: "explanation/open")]
        defer { _ = try? client.call("explanation/close", params: handle) }
        guard try opened.hasWords(of: "explanation/open") else { throw WordlessCaption() }
        let words = opened["players"]?["text"]?.array ?? []
        let targets = pair.targets.isEmpty ? Optional<JSONValue>.none : .some(try pair.targets(among: words))
        let refined = try client.call(
            "explanation/refine",
            params: handle.adding([
                ("budget", command.budget.map { ["imageMasks": .integer(Int64($0))] }), ("values", ["pairs": "none"]),
            ]), interrupt: interrupt)
        json = JSONValue.object(["id": pair.id, "image": .string(pair.image), "text": .string(pair.text)]).adding([
            ("fullValue", opened["fullValue"]), ("emptyValue", opened["emptyValue"]),
            ("imageMasks", refined["imageMasks"]),
            ("textMasks", refined["textMasks"]), ("looR2", refined["looR2"]),
        ])

        func evaluate(_ metric: EvaluationMetric, _ members: [(String, JSONValue?)]) throws -> JSONValue {
            try client.call(
                "explanation/evaluate", params: handle.adding([("metric", .string(metric.rawValue))] + members),
                interrupt: interrupt)
        }
        func isWanted(_ metric: EvaluationMetric) -> Bool { command.metric.isEmpty || command.metric.contains(metric) }
        if isWanted(.faithfulness) {
            var rows: [JSONValue] = []
            for setting in command.at.isEmpty ? [nil] : command.at.map(Optional.some) {
                let result = try evaluate(
                    .faithfulness,
                    (setting?.members ?? []) + [
                        ("samples", command.samples.map { .integer(Int64($0)) }),
                        ("seed", command.samplesSeed.map { .integer(Int64($0)) }),
                    ])
                let scores = try result.required("faithfulness", of: "explanation/evaluate")
                let place = setting.map { " at \($0.name)" } ?? ""
                measures.append((name: "R²\(place)", value: scores["rSquared"]?.double))
                measures.append((name: "Spearman\(place)", value: scores["spearman"]?.double))
                rows.append(
                    JSONValue.object([:]).adding(
                        (setting?.members ?? []) + (scores.object ?? [:]).map { ($0.key, $0.value) }))
            }
            json = json.adding([("faithfulness", .array(rows))])
        }
        if isWanted(.insertionDeletion) {
            let curves = try evaluate(.insertionDeletion, []).required("insertionDeletion", of: "explanation/evaluate")
            measures.append((name: "insertion/deletion, AID", value: curves["areaBetween"]?.double))
            json = json.adding([("insertionDeletion", curves)])
        }
        if isWanted(.pointingGame), let targets, command.options.order != 1 {
            let score = try evaluate(.pointingGame, [("targets", targets)])["pointingGame"]
            measures.append((name: "pointing game, PGR", value: score?.double))
            json = json.adding([("pointingGame", score ?? .null)])
        }
    }
}
