import Foundation
import Interactions
import JSON
import LinearAlgebra

/// An estimate as `shapiq.InteractionValues.load` reads it (shapiq 1.4).
struct ShapiqFile {
    let json: JSONValue

    /// - Throws: `CancellationError`.
    init(_ estimate: InteractionValues, _ turn: WorkTurn) throws {
        let values = try ShapiqInteractionValues(estimate, cancellation: Cancellation(turn.isCancelled))
        var members = JSONObject(minimumCapacity: values.entries.count)
        for (index, entry) in values.entries.enumerated() {
            if index % ShapiqInteractionValues.entriesBetweenQuestions == 0 { try turn.check() }
            members[entry.key] = .real(entry.value)
        }
        json = [
            "object_name": "InteractionValues", "data_type": "interaction_values",
            "version": .string(FIxLIPDaemonVersion.program), "created_from": "fixlipd",
            "description":
                "Weighted Banzhaf or faithful Shapley interactions of an image's patches and a caption's words.",
            "parameters": [:], "timestamp": .string(ISO8601DateFormatter().string(from: Date())),
            "metadata": [
                "n_players": .integer(Int64(values.players)), "index": .string(values.index.rawValue),
                "max_order": .integer(Int64(values.maxOrder)), "min_order": .integer(Int64(values.minOrder)),
                "estimated": .bool(values.estimated),
                "estimation_budget": values.estimationBudget.map { .integer(Int64($0)) } ?? .null,
                "baseline_value": .real(values.baselineValue),
            ],
            "data": .object(members),
        ]
    }
}

extension ShapiqInteractionValues {
    /// Reads the text of a file that `shapiq.InteractionValues.save` wrote.
    /// - Throws: `ParameterError` on `content` that names the member at fault; `CancellationError`.
    init(parsing content: String, _ turn: WorkTurn) throws {
        func fault(_ message: String) -> ParameterError { ParameterError("content", message) }
        let json: JSONValue
        do throws(JSONError) {
            json = try JSONValue(parsing: content, isCancelled: turn.isCancelled)
        } catch .cancelled {
            throw CancellationError()
        } catch {
            throw fault("is not the JSON of shapiq's InteractionValues: \(error)")
        }
        guard let metadata = json["metadata"], let data = json["data"]?.object else {
            throw fault("needs the members metadata and data, as shapiq's InteractionValues.save writes them")
        }
        guard let players = metadata["n_players"]?.int else { throw fault("needs metadata.n_players, an integer") }
        guard let name = metadata["index"]?.string else { throw fault("needs metadata.index, a string") }
        guard let index = Index(rawValue: name) else {
            throw fault(
                "cannot be read as an explanation: index: must be FBII, FWBII, BV, FSII or SV, not \(name)")
        }
        guard let maxOrder = metadata["max_order"]?.int else { throw fault("needs metadata.max_order, an integer") }
        guard let baseline = metadata["baseline_value"]?.double else {
            throw fault("needs metadata.baseline_value, a number")
        }
        var entries: [Entry] = []
        for (number, (key, value)) in data.enumerated() {
            if number % Self.entriesBetweenQuestions == 0 { try turn.check() }
            guard let number = value.double else {
                throw fault("has \(value.kind) for the interaction \"\(key)\"; it must be a number")
            }
            entries.append(Entry(key: key, value: number))
        }
        self.init(
            players: players, index: index, maxOrder: maxOrder, minOrder: metadata["min_order"]?.int ?? 0,
            estimated: metadata["estimated"]?.bool ?? true, estimationBudget: metadata["estimation_budget"]?.int,
            baselineValue: baseline, entries: entries)
    }
}

/// Opens explanations whose values come from a file.
struct Importer: Sendable {
    let opener: Opener
    /// Reads files.
    let threads: WorkThreads
    let explanations: ExplanationStore

    /// - Parameter request: what the file explains, to be opened with the file's index and order.
    /// - Throws: `ParameterError` on `content` where the file is not of this image's and caption's players.
    func open(
        _ content: String, _ request: (_ index: InteractionIndex, _ order: Int) throws -> OpenRequest
    ) async throws -> Explanation {
        let file = try await threads.run { turn in try ShapiqInteractionValues(parsing: content, turn) }
        let explanation = try await opener.open(
            try request(file.index.interactionIndex, min(max(file.maxOrder, 1), 2)))
        do {
            let first = explanation.inputs[0].players
            guard file.players == explanation.players else {
                let counts = explanation.inputs.map { "\($0.players)" }.joined(separator: " + ")
                let inputs = explanation.inputs.map { $0.modality == .image ? "image" : "caption" }
                throw ParameterError(
                    "content",
                    "has \(file.players) players; this \(inputs.joined(separator: " and ")) have \(counts). "
                        + "Give the model and the players that the file was made with")
            }
            do {
                let p = explanation.settings.p
                await explanation.adopt(
                    try await threads.run { turn in
                        try file.interactionValues(
                            imagePlayers: first, p: p, cancellation: Cancellation(turn.isCancelled))
                    })
            } catch let error as InteractionError {
                throw ParameterError("content", "cannot be read as an explanation: \(error)")
            }
            return explanation
        } catch {
            try? await explanations.close(explanation.id)
            throw error
        }
    }
}
