import Encoders
import FIxLIPProtocol

/// Embeddings of the items of a request, with what went wrong with some of them.
struct EncodedItems: Sendable {
    /// `[items]`, nil where the item failed.
    var rows: [[Float]?]
    var errors: [ItemError] = []
    var truncated: [Int] = []
}

extension Services {
    /// Loads, preprocesses and encodes images.
    /// - Parameter normalize: whether embeddings are scaled to length 1.
    /// - Throws: the first item's error, with its index, unless `onError` is `.item`.
    func encodeImages(
        _ inputs: [ImageInput], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy
    ) async throws -> EncodedItems {
        let images = images
        let model = lease.model.loaded
        return try await encode(inputs, lease: lease, normalize: normalize, onError: onError, chunk: 32) { input in
            let picture = try images.load(input)
            let pixels = model.preprocess(picture)
            return ImageItem(image: try model.prepare(pixels: pixels.pixels))
        } submit: { .images($0) }
    }

    /// Tokenizes and encodes texts.
    /// - Throws: as `encodeImages`.
    func encodeTexts(
        _ texts: [String], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy
    ) async throws -> EncodedItems {
        let cut = ItemIndexes()
        var result = try await encode(
            Array(texts.enumerated()), lease: lease, normalize: normalize, onError: onError, chunk: 256
        ) { index, text in
            let tokenization = try lease.tokenize(text)
            if tokenization.truncated { cut.insert(index) }
            return TextItem(text: try lease.prepare(tokenization, players: tokenization.playerPositions))
        } submit: { .texts($0) }
        result.truncated = cut.sorted
        return result
    }

    /// Prepares and encodes items a few at a time: a request of any length holds little memory, and others come between.
    private func encode<Input: Sendable, Item: Sendable>(
        _ inputs: [Input], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy, chunk: Int,
        prepare: @escaping @Sendable (Input) throws -> Item, submit: ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        var result = EncodedItems(rows: [])
        for start in stride(from: 0, to: inputs.count, by: chunk) {
            try Task.checkCancellation()
            let slice = Array(inputs[start..<min(start + chunk, inputs.count)])
            let outcomes = try await files.run {
                try slice.enumerated().map { index, input -> Result<Item, ApplicationError> in
                    do {
                        return .success(try prepare(input))
                    } catch let error as ApplicationError {
                        guard onError == .item else { throw error.at(index: start + index) }
                        return .failure(error)
                    }
                }
            }
            let items = outcomes.compactMap { try? $0.get() }
            let encoded = try await scheduler.encode(
                lease.model, submit(items), urgency: .interactive, normalize: normalize)
            guard encoded.isComplete else { throw CancellationError() }
            var offset = 0
            let width = lease.model.loaded.dimension
            for (index, outcome) in outcomes.enumerated() {
                switch outcome {
                case .success:
                    result.rows.append(Array(encoded.embeddings[offset..<offset + width]))
                    offset += width
                case .failure(let error):
                    result.rows.append(nil)
                    result.errors.append(error.item(start + index))
                }
            }
        }
        return result
    }
}
