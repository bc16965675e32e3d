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
        return try await encode(inputs, lease: lease, normalize: normalize, onError: onError) { input in
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
        let model = lease.model.loaded
        let cut = ItemIndexes()
        var result = try await encode(Array(texts.enumerated()), lease: lease, normalize: normalize, onError: onError) { index, text in
            let tokenization = try lease.tokenize(text)
            if tokenization.truncated { cut.insert(index) }
            return TextItem(text: try model.prepare(ids: tokenization.ids, players: tokenization.playerPositions))
        } submit: { .texts($0) }
        result.truncated = cut.sorted
        return result
    }

    private func encode<Input: Sendable, Item: Sendable>(
        _ inputs: [Input], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy,
        prepare: @escaping @Sendable (Input) throws -> Item, submit: ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        let outcomes = try await files.run {
            try inputs.enumerated().map { index, input -> Result<Item, ApplicationError> in
                do {
                    return .success(try prepare(input))
                } catch let error as ApplicationError {
                    guard onError == .item else { throw error.at(index: index) }
                    return .failure(error)
                }
            }
        }
        let items = outcomes.compactMap { try? $0.get() }
        let encoded = try await scheduler.encode(lease.model, submit(items), urgency: .interactive, normalize: normalize)
        guard encoded.isComplete else { throw CancellationError() }
        var result = EncodedItems(rows: [])
        var offset = 0
        let width = lease.model.loaded.dimension
        for (index, outcome) in outcomes.enumerated() {
            switch outcome {
            case .success:
                result.rows.append(Array(encoded.embeddings[offset..<offset + width]))
                offset += width
            case .failure(let error):
                result.rows.append(nil)
                result.errors.append(error.item(index))
            }
        }
        return result
    }
}
