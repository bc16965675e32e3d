import FIxLIPProtocol
import Interactions

/// Numbers and times a refinement's progress reports.
struct RefinementReporter {
    let refinement: Refinement
    private let start = ContinuousClock.now
    private var sequence = 0

    init(refinement: Refinement) { self.refinement = refinement }

    /// Seconds since the refinement began.
    var seconds: Double { (ContinuousClock.now - start) / .seconds(1) }

    mutating func send(_ kind: RefinementProgress.Kind, _ estimate: InteractionValues? = nil) async {
        let explanation = refinement.explanation
        let selection = refinement.selection
        refinement.report(
            RefinementProgress(
                kind: kind, sequence: sequence,
                imageMasks: estimate == nil ? await explanation.imageMasks : estimate?.imageMasks ?? 0,
                textMasks: estimate == nil ? await explanation.textMasks : estimate?.textMasks ?? 0,
                elapsedMilliseconds: (ContinuousClock.now - start).milliseconds,
                totalImageMasks: refinement.goal.imageMasks, looR2: estimate?.looR2,
                maxStandardError: estimate?.maximumStandardError(
                    leading: refinement.goal.topK ?? StopRule.defaultTopK),
                values: refinement.sendsValues
                    ? estimate.map {
                        Values(
                            $0, selection,
                            errorsWanted: selection.standardErrors ?? EstimateLayout.defaultStandardErrors)
                    } : nil))
        sequence += 1
    }
}
