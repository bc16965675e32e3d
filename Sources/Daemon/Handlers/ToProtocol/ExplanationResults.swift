import FIxLIPProtocol
import Foundation
import Interactions

extension Players {
    init(_ explanation: Explanation) {
        let shape = explanation.imageShape
        self.init(
            image: Image(
                rows: shape.rows, columns: shape.columns, count: shape.boxes.count, boxes: shape.boxes,
                regions: shape.regions),
            text: explanation.words.map {
                Text(token: $0.text, start: $0.range.lowerBound, end: $0.range.upperBound)
            })
    }
}

extension ExplanationOpen.Result {
    init(_ explanation: Explanation) async {
        let ends = explanation.ends
        self.init(
            explanation: explanation.id, model: explanation.model.id, players: Players(explanation),
            emptyValue: ends.empty, fullValue: ends.full, cosine: ends.cosine, truncated: explanation.isTruncated,
            warm: ExplanationOpen.Warm(
                imageMasks: await explanation.imageMasks, textMasks: await explanation.textMasks))
    }
}

extension ExplanationStore {
    /// What a list says of the open explanations.
    func summaries(_ games: GameStore) async -> [ExplanationSummary] {
        var result: [ExplanationSummary] = []
        for explanation in all {
            let bytes = games.bytes(of: [explanation.imageGame.key, explanation.textGame.key])
            result.append(
                ExplanationSummary(
                    explanation: explanation.id, model: explanation.model.id, text: explanation.caption,
                    image: explanation.image.picture.name, imageMasks: await explanation.imageMasks,
                    textMasks: await explanation.textMasks, refining: await explanation.isRefining,
                    bytes: bytes + explanation.ownBytes))
        }
        return result
    }
}

extension StopReason {
    init(_ reason: RefinementEnd) {
        switch reason {
        case .budget: self = .budget
        case .deadline: self = .deadline
        case .standardError: self = .standardError
        case .stable: self = .stable
        case .stopped: self = .stopped
        case .exhausted: self = .exhausted
        }
    }
}

extension RefinementProgress {
    /// - Parameter selection: what it shows of the values; nil shows none.
    init(_ report: RefinementReport, _ selection: Selection?) {
        let kind: Kind =
            switch report.kind {
            case .begin: .begin
            case .estimate: .report
            case .end: .end
            }
        var values: Values?
        if let estimate = report.estimate, let selection {
            values = Values(
                estimate, selection, errorsWanted: selection.standardErrors ?? EstimateLayout.defaultStandardErrors)
        }
        self.init(
            kind: kind, sequence: report.sequence, imageMasks: report.imageMasks, textMasks: report.textMasks,
            elapsedMilliseconds: report.elapsedMilliseconds, totalImageMasks: report.totalImageMasks,
            looR2: report.estimate?.looR2, maxStandardError: report.largestStandardError, values: values)
    }
}

extension Rendered {
    init(_ format: DrawingRequest.Format, _ drawing: Drawing) {
        let mimeType =
            switch format {
            case .svg: "image/svg+xml"
            case .html: "text/html"
            case .ansi: "text/plain"
            case .markdown: "text/markdown"
            case .png: "image/png"
            case .pdf: "application/pdf"
            }
        switch drawing {
        case .text(let text): self.init(mimeType: mimeType, content: text)
        case .bytes(let bytes):
            self.init(mimeType: mimeType, content: Data(bytes).base64EncodedString(), encoding: "base64")
        }
    }
}

extension ExplanationEvaluate.Result {
    init(_ result: Evaluation.Result) {
        switch result {
        case .faithfulness(let found, let samples):
            self.init(
                metric: .faithfulness,
                faithfulness: ExplanationEvaluate.Faithfulness(
                    samples: samples, rSquared: found.rSquared, pearson: found.pearson, spearman: found.spearman,
                    kendall: found.kendall, meanSquaredError: found.meanSquaredError,
                    meanAbsoluteError: found.meanAbsoluteError, cosine: found.cosine))
        case .insertionDeletion(let curves):
            self.init(
                metric: .insertionDeletion,
                insertionDeletion: ExplanationEvaluate.Curves(
                    leastImportantFirst: curves.leastImportantFirst, mostImportantFirst: curves.mostImportantFirst,
                    areaBetween: curves.area))
        case .pointingGame(let accuracy): self.init(metric: .pointingGame, pointingGame: accuracy)
        case .mapCorrelation(let value): self.init(metric: .mapCorrelation, mapCorrelation: value)
        }
    }
}
