import FIxLIPProtocol
import Foundation
import JSON

/// An estimate that `watch` shows: a progress report, or the result of the refinement.
struct WatchedEstimate {
    /// The path as it was given.
    let image: String
    let text: String
    let opened: ExplanationOpen.Result
    let imageMasks: Int
    let textMasks: Int
    let elapsedMilliseconds: Double
    /// The budget that a report names, where there is one.
    let totalImageMasks: Int?
    let looR2: Double?
    let values: Values?
    /// Why the refinement has ended; nil while it runs.
    let stopReason: StopReason?

    init(image: String, text: String, opened: ExplanationOpen.Result, report: RefinementProgress) {
        (self.image, self.text, self.opened) = (image, text, opened)
        (imageMasks, textMasks) = (report.imageMasks, report.textMasks)
        (totalImageMasks, elapsedMilliseconds) = (report.totalImageMasks, report.elapsedMilliseconds)
        (looR2, values, stopReason) = (report.looR2, report.values, nil)
    }

    init(image: String, text: String, opened: ExplanationOpen.Result, result: ExplanationRefine.Result) {
        (self.image, self.text, self.opened) = (image, text, opened)
        (imageMasks, textMasks) = (result.imageMasks, result.textMasks)
        (totalImageMasks, elapsedMilliseconds) = (nil, result.elapsedMilliseconds)
        (looR2, values, stopReason) = (result.looR2, result.values, result.stopReason)
    }

    /// How far it has come, in words.
    var status: String {
        var parts = "\(imageMasks)"
        if let totalImageMasks { parts += " of \(totalImageMasks)" }
        parts += " image masks"
        if let looR2 { parts += " · R² \(looR2.fixed(3))" }
        parts += " · \((elapsedMilliseconds / 1000).fixed(1)) s"
        if let stopReason { parts += " · \(Self.ending(stopReason))" }
        return parts
    }

    private static func ending(_ reason: StopReason) -> String {
        switch reason {
        case .budget: "done"
        case .deadline: "time is up"
        case .exhausted: "all masks there are"
        case .stopped: "stopped"
        case .standardError, .stable: reason.rawValue
        }
    }
}

/// Why there is no estimate.
struct WatchFailure {
    let image: String
    let text: String
    let failure: PipelineFailure
}

/// Where `watch` shows its estimates.
protocol WatchDisplay: AnyObject {
    /// What progress reports must carry for this display; nil if it asks for drawings.
    var layout: EstimateLayout? { get }
    /// A caption is about to be explained.
    func begin()
    /// - Parameter draw: draws the estimate for a terminal of `width` columns.
    func show(_ estimate: WatchedEstimate, draw: (_ width: Int) throws -> String) throws
    func show(_ failure: WatchFailure) throws
    func close()
}

/// One drawing after the other, where output is not a terminal.
final class PlainDisplay: WatchDisplay {
    let layout: EstimateLayout? = nil
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
    let layout: EstimateLayout?

    /// - Parameter top: how many of the strongest pairs a line has.
    init(top: Int) { layout = EstimateLayout(pairs: .top(top), standardErrors: true) }

    func begin() {}

    func show(_ estimate: WatchedEstimate, draw: (Int) throws -> String) throws {
        let opened = estimate.opened
        let line = Line(
            image: estimate.image, text: estimate.text, model: opened.model, players: opened.players,
            emptyValue: opened.emptyValue, fullValue: opened.fullValue, cosine: opened.cosine,
            truncated: opened.truncated, imageMasks: estimate.imageMasks, textMasks: estimate.textMasks,
            totalImageMasks: estimate.totalImageMasks, elapsedMilliseconds: estimate.elapsedMilliseconds,
            looR2: estimate.looR2, stopReason: estimate.stopReason, values: estimate.values,
            final: estimate.stopReason != nil)
        try TextOutput.json(try JSONValue(encoding: line), pretty: false)
    }

    private struct Line: Encodable {
        let image, text, model: String
        let players: Players
        let emptyValue, fullValue, cosine: Double
        let truncated: Bool
        let imageMasks, textMasks: Int
        let totalImageMasks: Int?
        let elapsedMilliseconds: Double
        let looR2: Double?
        let stopReason: StopReason?
        let values: Values?
        let final: Bool
    }

    func show(_ failure: WatchFailure) throws {
        let line = JSONValue.object(["image": .string(failure.image), "text": .string(failure.text)])
        try TextOutput.json(line.adding(failure.failure.members), pretty: false)
    }

    func close() {}
}
