import FIxLIPProtocol
import Foundation
import Interactions

extension Players {
    init(_ explanation: Explanation) {
        let size = explanation.model.loaded.patchSize
        let images = explanation.images.map { Image($0.shape(patchSize: size)) }
        let words = explanation.texts.map { $0.words.map { Text($0) } }
        // The texts of a target are told apart from one that an image or another text is compared with.
        let isTarget = explanation.target != nil
        let own = isTarget ? Array(words.prefix(explanation.inputs[0].modality == .text ? 1 : 0)) : words
        let targets = isTarget ? explanation.inputs.dropFirst() : []
        self.init(
            image: images.first, text: own.first ?? [], image2: images.count > 1 ? images[1] : nil,
            text2: own.count > 1 ? own[1] : nil,
            targets: targets.isEmpty
                ? nil
                : targets.compactMap { input in
                    input.text.map {
                        TargetTextPlayers(
                            text: $0.caption, weight: input.weight, players: $0.words.map { Text($0) })
                    }
                })
    }
}

extension Players.Image {
    fileprivate init(_ shape: PlayerShape) {
        self.init(
            rows: shape.rows, columns: shape.columns, count: shape.boxes.count, boxes: shape.boxes,
            regions: shape.regions)
    }
}

extension Players.Text {
    fileprivate init(_ player: CaptionPlayer) {
        self.init(token: player.text, start: player.range.lowerBound, end: player.range.upperBound)
    }
}

extension ExplanationOpen.Result {
    init(_ explanation: Explanation) async {
        let ends = explanation.ends
        self.init(
            explanation: explanation.id, model: explanation.model.id, players: Players(explanation),
            emptyValue: ends.empty, fullValue: ends.full, cosine: ends.cosine, centeredValue: ends.centered,
            scale: Scale(explanation.scale.unit), target: explanation.target.map { TargetSummary($0) },
            learnt: explanation.inputs.first?.learnt.map { ExplanationOpen.Learnt($0) },
            truncated: explanation.isTruncated,
            warm: ExplanationOpen.Warm(
                imageMasks: await explanation.imageMasks, textMasks: await explanation.textMasks))
    }
}

extension ExplanationOpen.Learnt {
    fileprivate init(_ learnt: LearntMap) {
        self.init(map: learnt.name, images: learnt.map.images, heldOutShare: learnt.map.heldOutShare)
    }
}

extension Scale {
    init(_ unit: ExplanationScale.Unit) {
        switch unit {
        case .logits: self = .logits
        case .cosine: self = .cosine
        }
    }
}

extension TargetSummary {
    init(_ target: ExplainedTarget) {
        self.init(
            kind: target.kind.rawValue, label: target.label, rather: target.rather, probability: target.probability)
    }
}

extension ExplanationCondition.Result {
    /// - Parameter row: the pairs of the player with every other.
    init(_ player: Int, first: Double, _ row: [Double], of explanation: Explanation) {
        let parts = zip(explanation.inputs, explanation.ranges).map { (input: $0, row: Array(row[$1])) }
        let images = parts.filter { $0.input.modality == .image }.map(\.row)
        let texts = parts.filter { $0.input.modality == .text }.map(\.row)
        let isTarget = explanation.target != nil
        let own = isTarget ? Array(texts.prefix(explanation.inputs[0].modality == .text ? 1 : 0)) : texts
        let targets = isTarget ? parts.dropFirst().map(\.row) : []
        self.init(
            player: player, first: first, image: images.first ?? [], text: own.first ?? [],
            image2: images.count > 1 ? images[1] : nil, text2: own.count > 1 ? own[1] : nil,
            targets: targets.isEmpty ? nil : targets)
    }
}

extension ExplanationStore {
    /// What a list says of the open explanations.
    func summaries(_ games: GameStore) async -> [ExplanationSummary] {
        var result: [ExplanationSummary] = []
        for explanation in all {
            let bytes = games.bytes(of: explanation.inputs.map(\.game.key))
            result.append(
                ExplanationSummary(
                    explanation: explanation.id, model: explanation.model.id, text: explanation.caption,
                    image: explanation.images.map(\.picture.name).joined(separator: ", "),
                    imageMasks: await explanation.imageMasks,
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
    init(_ format: DrawingRequest.Format, _ drawing: DrawnPicture) {
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
