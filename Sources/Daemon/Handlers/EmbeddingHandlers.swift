import FIxLIPProtocol
import Foundation
import JSONRPC

extension Services {
    /// `embed/image`, `embed/text`, `similarity`
    func registerEmbeddingMethods(in table: inout MethodTable) {
        table.on(EmbedImage.self) { parameters, _ in
            try await withModel(parameters.model) { lease in
                let encoded = try await encodeImages(
                    parameters.images, lease: lease,
                    normalize: parameters.normalize ?? EmbedImage.Parameters.defaultNormalize,
                    onError: parameters.onError ?? EmbedImage.Parameters.defaultOnError)
                return Embeddings(encoded, lease, parameters.encoding ?? EmbedImage.Parameters.defaultEncoding)
            }
        }

        table.on(EmbedText.self) { parameters, _ in
            try await withModel(parameters.model) { lease in
                let encoded = try await encodeTexts(
                    parameters.texts, lease: lease,
                    normalize: parameters.normalize ?? EmbedText.Parameters.defaultNormalize,
                    onError: parameters.onError ?? EmbedText.Parameters.defaultOnError)
                return Embeddings(encoded, lease, parameters.encoding ?? EmbedText.Parameters.defaultEncoding)
            }
        }

        table.on(Similarity.self) { parameters, _ in
            let pairing = parameters.pairing ?? Similarity.Parameters.defaultPairing
            if pairing == .zip, parameters.images.count != parameters.texts.count {
                throw ParameterError(
                    "pairing",
                    "\"zip\" needs as many images as texts; there are \(parameters.images.count) and \(parameters.texts.count)"
                )
            }
            return try await withModel(parameters.model) { lease in
                let policy = parameters.onError ?? Similarity.Parameters.defaultOnError
                async let images = ofList("images") {
                    try await encodeImages(parameters.images, lease: lease, normalize: true, onError: policy)
                }
                async let texts = ofList("texts") {
                    try await encodeTexts(parameters.texts, lease: lease, normalize: true, onError: policy)
                }
                let (imageRows, textRows) = (try await images, try await texts)
                return try await arithmetic.run {
                    Similarity.Result(images: imageRows, texts: textRows, pairing: pairing, lease: lease)
                }
            }
        }
    }
}

extension Embeddings {
    init(_ encoded: EncodedItems, _ lease: ModelLease, _ encoding: FloatEncoding) {
        self.init(
            model: lease.id, dimension: lease.model.loaded.dimension,
            embeddings: encoded.rows.map { row in row.map { EncodedFloats($0, encoding) } },
            errors: encoded.errors.isEmpty ? nil : encoded.errors,
            truncated: encoded.truncated.isEmpty ? nil : encoded.truncated)
    }
}

extension Similarity.Result {
    init(images: EncodedItems, texts: EncodedItems, pairing: Similarity.Pairing, lease: ModelLease) {
        let cosine: [[Float?]]
        switch pairing {
        case .all:
            cosine = images.rows.map { image in
                texts.rows.map { text in image.flatMap { image in text.map { dot(image, $0) } } }
            }
        case .zip:
            cosine = [
                zip(images.rows, texts.rows).map { image, text in image.flatMap { image in text.map { dot(image, $0) } }
                }
            ]
        }
        let model = lease.model.loaded
        let logits = cosine.map { row in row.map { $0.map { model.logitScale * $0 + model.logitBias } } }
        let sides =
            images.errors.map { Similarity.SideError(of: "images", $0) }
            + texts.errors.map { Similarity.SideError(of: "texts", $0) }
        self.init(
            model: lease.id, cosine: cosine, logits: logits,
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

/// Says of an item's error which of the request's two lists the item is in.
private func ofList(_ list: String, _ encode: @Sendable () async throws -> EncodedItems) async throws -> EncodedItems {
    do {
        return try await encode()
    } catch let error as ApplicationError where error.index != nil {
        throw error.of(list)
    }
}

private func dot(_ a: [Float], _ b: [Float]) -> Float {
    var sum: Float = 0
    for index in a.indices { sum += a[index] * b[index] }
    return sum
}
