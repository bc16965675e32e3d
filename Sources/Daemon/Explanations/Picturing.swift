import FIxLIPProtocol
import Foundation
import Interactions
import Rendering

extension Picture {
    /// What a drawing of an explanation's estimate needs.
    init(_ explanation: Explanation, _ estimate: InteractionValues, _ checkpoints: [Explanation.Checkpoint]) {
        let leading = estimate.leadingPlayers(5)
        self.init(
            explanation, Estimate(estimate),
            history: checkpoints.map { checkpoint in
                Round(
                    imageMasks: checkpoint.imageMasks, looR2: checkpoint.looR2,
                    leading: leading.map { Leading(players: [$0], value: checkpoint.reading[$0]) })
            })
    }

    init(_ explanation: Explanation, _ estimate: Estimate, history: [Round]) {
        let image = explanation.image.picture
        let ends = explanation.ends
        let model = explanation.lease.model.loaded
        self.init(
            model: explanation.lease.id, title: image.name,
            image: SourceImage(
                width: image.width, height: image.height,
                encoded: image.file.map { EncodedImage(bytes: $0.bytes, mimeType: $0.mimeType) }, cells: image.cells),
            caption: explanation.caption,
            patches: Patches(
                rows: explanation.players.image.rows, columns: explanation.players.image.columns,
                boxes: explanation.players.image.boxes.map { Box(x0: $0[0], y0: $0[1], x1: $0[2], y1: $0[3]) }),
            words: explanation.players.text.map { Word(token: $0.token, start: $0.start, end: $0.end) },
            similarity: Similarity(
                emptyValue: ends.empty, fullValue: ends.full, cosine: ends.cosine,
                probability: model.family.probability == .sigmoid ? 1 / (1 + exp(-ends.full)) : nil),
            estimate: estimate, history: history, isTruncated: explanation.isTruncated)
    }
}

extension Picture.Estimate {
    fileprivate init(_ estimate: InteractionValues) {
        self.init(
            index: estimate.index.abbreviation, p: estimate.p, order: estimate.order,
            estimator: estimate.estimator.rawValue, first: estimate.first,
            firstOrderReading: estimate.firstOrderReading, pairs: estimate.order == 2 ? estimate.pairs : nil,
            firstErrors: estimate.standardErrors?.first,
            readingErrors: estimate.standardErrors?.firstOrderReading,
            pairErrors: estimate.order == 2 ? estimate.standardErrors?.pairs : nil, looR2: estimate.looR2,
            imageMasks: estimate.imageMasks, textMasks: estimate.textMasks, isJointlySampled: estimate.isJointlySampled)
    }

    /// Zero for every player and pair of an explanation.
    static func nothing(of explanation: Explanation) -> Picture.Estimate {
        let settings = explanation.settings
        let players = explanation.players.image.count + explanation.players.text.count
        let zeros = [Double](repeating: 0, count: players)
        return Picture.Estimate(
            index: settings.index.abbreviation, p: settings.p, order: settings.order,
            estimator: settings.estimator.rawValue,
            first: zeros, firstOrderReading: zeros,
            pairs: settings.order == 2 ? [Double](repeating: 0, count: players * (players - 1) / 2) : nil,
            firstErrors: nil, readingErrors: nil, pairErrors: nil, looR2: nil, imageMasks: 0, textMasks: 0,
            isJointlySampled: settings.sampling == .joint)
    }
}

extension InteractionValues {
    /// The players of largest first-order reading, by magnitude.
    fileprivate func leadingPlayers(_ count: Int) -> [Int] {
        let reading = firstOrderReading
        return Array(reading.indices.sorted { abs(reading[$0]) > abs(reading[$1]) }.prefix(count))
    }
}
