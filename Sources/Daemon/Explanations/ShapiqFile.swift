import Foundation
import Interactions
import JSON

/// An estimate as `shapiq.InteractionValues.load` reads it (shapiq 1.4).
struct ShapiqFile {
    let json: JSONValue

    init(_ estimate: InteractionValues) {
        let values = ShapiqInteractionValues(estimate)
        var data: JSONValue = [:]
        if case .object(var members) = data {
            for entry in values.entries { members[entry.key] = .real(entry.value) }
            data = .object(members)
        }
        json = [
            "object_name": "InteractionValues", "data_type": "interaction_values",
            "version": .string(FIxLIPDaemonVersion.program), "created_from": "fixlipd",
            "description": "Weighted Banzhaf or faithful Shapley interactions of an image's patches and a caption's words.",
            "parameters": [:], "timestamp": .string(ISO8601DateFormatter().string(from: Date())),
            "metadata": [
                "n_players": .integer(Int64(values.players)), "index": .string(values.index),
                "max_order": .integer(Int64(values.maxOrder)), "min_order": .integer(Int64(values.minOrder)),
                "estimated": .bool(values.estimated),
                "estimation_budget": values.estimationBudget.map { .integer(Int64($0)) } ?? .null,
                "baseline_value": .real(values.baselineValue),
            ],
            "data": data,
        ]
    }
}
