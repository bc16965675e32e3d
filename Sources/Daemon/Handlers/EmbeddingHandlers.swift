import FIxLIPProtocol
import JSONRPC

/// `embed/image`, `embed/text`, `similarity`, `classify`
struct EmbeddingHandlers: Sendable {
    let models: ModelPool
    let embedder: Embedder
    let classes: ClassVectors
    /// Multiplies embeddings.
    let arithmetic: WorkThreads

    func register(in table: inout MethodTable) {
        table.on(EmbedImage.self) { parameters, _ in
            try ParameterLimit.items.check(count: parameters.images.count, "images", "images")
            return try await models.with(parameters.model) { model in
                let encoded = try await embedder.encode(
                    parameters.images.map(GivenImage.init), with: model,
                    normalize: parameters.normalize ?? EmbedImage.Parameters.defaultNormalize,
                    onFailure: ItemFailure(parameters.onError ?? EmbedImage.Parameters.defaultOnError))
                return Embeddings(encoded, model, parameters.encoding ?? EmbedImage.Parameters.defaultEncoding)
            }
        }

        table.on(EmbedText.self) { parameters, _ in
            try ParameterLimit.items.check(count: parameters.texts.count, "texts", "texts")
            return try await models.with(parameters.model) { model in
                let encoded = try await embedder.encode(
                    parameters.texts, with: model,
                    normalize: parameters.normalize ?? EmbedText.Parameters.defaultNormalize,
                    onFailure: ItemFailure(parameters.onError ?? EmbedText.Parameters.defaultOnError))
                return Embeddings(encoded, model, parameters.encoding ?? EmbedText.Parameters.defaultEncoding)
            }
        }

        table.on(Classify.self) { parameters, _ in
            let prompts = try ClassPrompts.list(parameters)
            try ParameterLimit.items.check(count: parameters.images.count, "images", "images")
            let (scores, _) = parameters.images.count.multipliedReportingOverflow(by: prompts.count)
            try ParameterLimit.similarities.check(count: scores, "images", "pairs of an image and a class")
            try ParameterLimit.items.check(parameters.topK, "topK")
            return try await models.with(parameters.model) { model in
                let vectors = try await classes.vectors(of: prompts, model, embedder, parameter: "classes")
                let rows = try await ofList("images") {
                    try await embedder.encode(
                        parameters.images.map(GivenImage.init), with: model, normalize: true, onFailure: .fails)
                }
                return try await arithmetic.run { turn in
                    try Classify.Result(
                        rows.rows.compactMap(\.self), vectors, names: prompts.map(\.name), topK: parameters.topK,
                        model: model, turn)
                }
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
            try ParameterLimit.items.check(count: parameters.images.count, "images", "images")
            try ParameterLimit.items.check(count: parameters.texts.count, "texts", "texts")
            if pairing == .all {
                let (pairs, _) = parameters.images.count.multipliedReportingOverflow(by: parameters.texts.count)
                try ParameterLimit.similarities.check(
                    count: pairs, "pairing", "pairs of an image and a text")
            }
            let inputs = parameters.images.map(GivenImage.init)
            let failure = ItemFailure(parameters.onError ?? Similarity.Parameters.defaultOnError)
            return try await models.with(parameters.model) { model in
                async let images = ofList("images") {
                    try await embedder.encode(inputs, with: model, normalize: true, onFailure: failure)
                }
                async let texts = ofList("texts") {
                    try await embedder.encode(parameters.texts, with: model, normalize: true, onFailure: failure)
                }
                let (imageRows, textRows) = (try await images, try await texts)
                return try await arithmetic.run { turn in
                    try Similarity.Result(images: imageRows, texts: textRows, pairing: pairing, model: model, turn)
                }
            }
        }
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
