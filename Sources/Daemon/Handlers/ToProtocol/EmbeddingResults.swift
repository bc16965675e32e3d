import FIxLIPProtocol
import Foundation

extension Embeddings {
    init(_ encoded: EncodedItems, _ model: HeldModel, _ encoding: FloatEncoding) {
        self.init(
            model: model.id, dimension: model.loaded.dimension,
            embeddings: encoded.rows.map { row in row.map { EncodedFloats($0, encoding) } },
            errors: encoded.errors.isEmpty ? nil : encoded.errors.map { ItemError($0) },
            truncated: encoded.truncated.isEmpty ? nil : encoded.truncated)
    }
}

extension Similarity.Result {
    init(
        images: EncodedItems, texts: EncodedItems, pairing: Similarity.Pairing, model held: HeldModel, _ turn: WorkTurn
    ) throws {
        let cosine: [[Float?]]
        switch pairing {
        case .all:
            cosine = try images.rows.map { image in
                try turn.check()
                return texts.rows.map { text in image.flatMap { image in text.map { dot(image, $0) } } }
            }
        case .zip:
            cosine = [
                zip(images.rows, texts.rows).map { image, text in image.flatMap { image in text.map { dot(image, $0) } }
                }
            ]
        }
        let model = held.loaded
        let logits = cosine.map { row in row.map { $0.map { model.logitScale * $0 + model.logitBias } } }
        let sides =
            images.errors.map { Similarity.SideError(of: "images", ItemError($0)) }
            + texts.errors.map { Similarity.SideError(of: "texts", ItemError($0)) }
        self.init(
            model: held.id, cosine: cosine, logits: logits,
            probabilities: logits.map { row in
                switch (model.family.probability, pairing) {
                case (.sigmoid, _): Self.sigmoid(row)
                case (.softmax, .all): Self.softmax(row)
                case (.softmax, .zip): row.map { _ in nil }
                }
            },
            errors: sides.isEmpty ? nil : sides, truncated: texts.truncated.isEmpty ? nil : texts.truncated)
    }

    /// A probability that belongs to a pair.
    private static func sigmoid(_ logits: [Float?]) -> [Float?] {
        logits.map { $0.map { 1 / (1 + exp(-$0)) } }
    }

    /// A probability among an image's texts, so that a single pair has none.
    private static func softmax(_ logits: [Float?]) -> [Float?] {
        let largest = logits.compactMap { $0 }.max() ?? 0
        let weights = logits.map { $0.map { exp($0 - largest) } }
        let sum = weights.reduce(0) { $0 + ($1 ?? 0) }
        return weights.map { $0.map { $0 / sum } }
    }
}

extension Classify.Result {
    /// - Parameters:
    ///   - images: embeddings of length 1.
    ///   - classes: vectors of length 1.
    init(
        _ images: [[Float]], _ classes: [[Float]], names: [String], topK: Int?, model held: HeldModel, _ turn: WorkTurn
    ) throws {
        let model = held.loaded
        let scores = try images.map { image in
            try turn.check()
            let logits = classes.map { model.logitScale * dot(image, $0) + model.logitBias }
            let probabilities: [Float]
            switch model.family.probability {
            case .sigmoid: probabilities = logits.map { 1 / (1 + exp(-$0)) }
            case .softmax:
                let largest = logits.max() ?? 0
                let powers = logits.map { exp($0 - largest) }
                let sum = powers.reduce(0, +)
                probabilities = powers.map { $0 / sum }
            }
            // Equal ones stay in the order given.
            let ranked = logits.indices.sorted { logits[$0] != logits[$1] ? logits[$0] > logits[$1] : $0 < $1 }
            return ranked.prefix(topK ?? ranked.count).map {
                ClassScore(index: $0, name: names[$0], logit: logits[$0], probability: probabilities[$0])
            }
        }
        self.init(model: held.id, classes: names, images: scores)
    }
}

private func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
