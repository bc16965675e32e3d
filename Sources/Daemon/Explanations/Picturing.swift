import FIxLIPProtocol
import Foundation
import Interactions
import Rendering

extension Picture {
    /// What a drawing of an explanation's estimate needs.
    init(_ explanation: Explanation, _ estimate: InteractionValues, _ checkpoints: [Explanation.Checkpoint]) {
        let image = explanation.image.picture
        let ends = explanation.ends
        let model = explanation.lease.model.loaded
        let leading = estimate.leadingPlayers(5)
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
                probability: model.architecture == .siglip ? 1 / (1 + exp(-ends.full)) : nil),
            estimate: Estimate(
                index: estimate.index == .banzhaf ? "FWBII" : "FSII", p: estimate.p, order: estimate.order,
                estimator: estimate.estimator.rawValue, first: estimate.first,
                firstOrderReading: estimate.firstOrderReading, pairs: estimate.order == 2 ? estimate.pairs : nil,
                firstErrors: estimate.standardErrors?.first,
                readingErrors: estimate.standardErrors?.firstOrderReading,
                pairErrors: estimate.order == 2 ? estimate.standardErrors?.pairs : nil, looR2: estimate.looR2,
                imageMasks: estimate.imageMasks, textMasks: estimate.textMasks, isJointlySampled: estimate.isJointlySampled),
            history: checkpoints.map { checkpoint in
                Round(
                    imageMasks: checkpoint.imageMasks, looR2: checkpoint.looR2,
                    leading: leading.map { Leading(players: [$0], value: checkpoint.reading[$0]) })
            }, isTruncated: explanation.isTruncated)
    }
}

extension InteractionValues {
    /// The players of largest first-order reading, by magnitude.
    fileprivate func leadingPlayers(_ count: Int) -> [Int] {
        let reading = firstOrderReading
        return Array(reading.indices.sorted { abs(reading[$0]) > abs(reading[$1]) }.prefix(count))
    }
}
