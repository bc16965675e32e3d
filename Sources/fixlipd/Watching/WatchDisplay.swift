import Foundation
import JSON

/// An estimate that `watch` shows.
struct WatchedEstimate {
    /// The path as it was given.
    let image: String
    let text: String
    /// The reply to `explanation/open`.
    let opened: JSONValue
    /// A progress report, or the reply to `explanation/refine`.
    let progress: JSONValue
    /// Whether the refinement has ended.
    let isFinal: Bool

    var imageMasks: Int { progress["imageMasks"]?.int ?? 0 }

    /// How far it has come, in words.
    var status: String {
        var parts = "\(imageMasks)"
        if let total = progress["totalImageMasks"]?.int { parts += " of \(total)" }
        parts += " image masks"
        if let r2 = progress["looR2"]?.double { parts += " · R² \(r2.fixed(3))" }
        if let elapsed = progress["elapsedMilliseconds"]?.double { parts += " · \((elapsed / 1000).fixed(1)) s" }
        if let reason = progress["stopReason"]?.string { parts += " · \(Self.endings[reason] ?? reason)" }
        return parts
    }

    private static let endings = [
        "budget": "done", "deadline": "time is up", "exhausted": "all masks there are", "stopped": "stopped",
    ]
}

/// Why there is no estimate.
struct WatchFailure {
    let image: String
    let text: String
    let failure: PipelineFailure
}

/// Where `watch` shows its estimates.
protocol WatchDisplay: AnyObject {
    /// Members that progress reports must carry for this display; nil if it asks for drawings.
    var values: JSONValue? { get }
    /// A caption is about to be explained.
    func begin()
    /// - Parameter draw: gives the estimate drawn for so many columns.
    func show(_ estimate: WatchedEstimate, draw: (_ width: Int) throws -> String) throws
    func show(_ failure: WatchFailure) throws
    func close()
}

/// One drawing after the other, where output is no terminal.
final class PlainDisplay: WatchDisplay {
    let values: JSONValue? = nil
    private var lastMasks: Int?

    func begin() { lastMasks = nil }

    func show(_ estimate: WatchedEstimate, draw: (Int) throws -> String) throws {
        // The last report and the result are of the same masks.
        guard estimate.imageMasks != lastMasks else { return }
        lastMasks = estimate.imageMasks
        TextOutput.line("── \(estimate.status)\n\n\(try draw(80))\n")
    }

    func show(_ failure: WatchFailure) { TextOutput.note("fixlipd: \(failure.failure.message)") }

    func close() {}
}

/// One JSON line per estimate.
final class JSONDisplay: WatchDisplay {
    let values: JSONValue?

    /// - Parameter top: how many of the strongest pairs a line has.
    init(top: Int) { values = ["pairs": ["top": .integer(Int64(top))], "standardErrors": true] }

    func begin() {}

    func show(_ estimate: WatchedEstimate, draw: (Int) throws -> String) throws {
        let facts = ["model", "players", "emptyValue", "fullValue", "cosine", "truncated"]
        let estimated = [
            "imageMasks", "textMasks", "totalImageMasks", "elapsedMilliseconds", "looR2", "stopReason", "values",
        ]
        let line = JSONValue.object(["image": .string(estimate.image), "text": .string(estimate.text)])
            .adding(facts.map { ($0, estimate.opened[$0]) })
            .adding(estimated.map { ($0, estimate.progress[$0]) } + [("final", .bool(estimate.isFinal))])
        try TextOutput.json(line, pretty: false)
    }

    func show(_ failure: WatchFailure) throws {
        let line = JSONValue.object(["image": .string(failure.image), "text": .string(failure.text)])
        try TextOutput.json(line.adding(failure.failure.members), pretty: false)
    }

    func close() {}
}
