import FIxLIPProtocol
import Interactions

/// Numbers and times a refinement's progress reports, and keeps the account of solving against elapsed time.
struct RefinementReporter {
    let refinement: Refinement
    /// Time spent on solving estimates so far.
    var solving = Duration.zero
    private let start = ContinuousClock.now
    private var sequence = 0

    init(refinement: Refinement) { self.refinement = refinement }

    /// Whether another estimate keeps solving within its share of the time.
    func maySolve(share: Double) -> Bool {
        solving <= (ContinuousClock.now - start) * share
    }

    mutating func send(_ kind: RefinementProgress.Kind, _ estimate: InteractionValues? = nil) async {
        let explanation = refinement.explanation
        let selection = refinement.selection
        refinement.report(
            RefinementProgress(
                kind: kind, sequence: sequence,
                imageMasks: estimate == nil ? await explanation.imageMasks : estimate?.imageMasks ?? 0,
                textMasks: estimate == nil ? await explanation.textMasks : estimate?.textMasks ?? 0,
                elapsedMilliseconds: (ContinuousClock.now - start).milliseconds,
                totalImageMasks: refinement.target.imageMasks, looR2: estimate?.looR2,
                maxStandardError: estimate?.largestLeadingError(
                    topK: refinement.until?.topK ?? Refinement.leadingPairs),
                values: refinement.sendsValues
                    ? estimate.map { Values($0, selection, errorsWanted: selection.standardErrors ?? false) } : nil))
        sequence += 1
    }
}
