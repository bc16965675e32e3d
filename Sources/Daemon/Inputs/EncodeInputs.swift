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
        return try await encode(inputs, lease: lease, normalize: normalize, onError: onError, chunk: 8, decodes: true) {
            input in
            let picture = try images.load(input)
            let pixels = model.preprocess(picture)
            return ImageItem(image: try model.prepare(pixels: pixels.pixels))
        } submit: {
            .images($0)
        }
    }

    /// Tokenizes and encodes texts.
    /// - Throws: as `encodeImages`.
    func encodeTexts(
        _ texts: [String], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy
    ) async throws -> EncodedItems {
        let cut = ItemIndexes()
        var result = try await encode(
            Array(texts.enumerated()), lease: lease, normalize: normalize, onError: onError, chunk: 64, decodes: false
        ) { index, text in
            let tokenization = try lease.tokenize(text)
            if tokenization.truncated { cut.insert(index) }
            return TextItem(text: try lease.prepare(tokenization, players: tokenization.playerPositions))
        } submit: {
            .texts($0)
        }
        result.truncated = cut.sorted
        return result
    }

    /// Prepares and encodes items a few at a time: a request of any length holds little memory, and others come
    /// between. Some are prepared while others are encoded.
    private func encode<Input: Sendable, Item: Sendable>(
        _ inputs: [Input], lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy, chunk: Int, decodes: Bool,
        prepare: @escaping @Sendable (Input) throws -> Item, submit: @escaping @Sendable ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        let starts = Array(stride(from: 0, to: inputs.count, by: chunk))
        let chunks = await withTaskGroup(of: (Int, Result<EncodedItems, any Error>).self) { group in
            var results = [Result<EncodedItems, any Error>?](repeating: nil, count: starts.count)
            func add(_ index: Int) {
                let start = starts[index]
                let slice = Array(inputs[start..<min(start + chunk, inputs.count)])
                group.addTask {
                    do {
                        return (
                            index,
                            .success(
                                try await encodeChunk(
                                    slice, from: start, left: inputs.count - start, lease: lease, normalize: normalize,
                                    onError: onError, decodes: decodes, prepare: prepare, submit: submit))
                        )
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            for index in starts.indices.prefix(Self.chunksAtATime) { add(index) }
            var next = min(starts.count, Self.chunksAtATime)
            while let (index, result) = await group.next() {
                results[index] = result
                if case .failure = result { next = starts.count }
                if next < starts.count, !Task.isCancelled {
                    add(next)
                    next += 1
                }
            }
            return results
        }
        try Task.checkCancellation()
        return try chunks.reduce(into: EncodedItems(rows: [])) { result, chunk in
            guard let part = try chunk?.get() else { return }
            result.rows += part.rows
            result.errors += part.errors
        }
    }

    private static let chunksAtATime = 4

    /// - Parameters:
    ///   - start: the index of the first input in the request.
    ///   - left: inputs of the request from there on.
    ///   - decodes: whether preparing an input takes time enough for others to be waited for.
    private func encodeChunk<Input: Sendable, Item: Sendable>(
        _ inputs: [Input], from start: Int, left: Int, lease: ModelLease, normalize: Bool, onError: ItemErrorPolicy,
        decodes: Bool, prepare: @escaping @Sendable (Input) throws -> Item, submit: @Sendable ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        let outcomes = try await scheduler.preparing(decodes ? inputs.count : 0, for: lease.model) { [files] in
            try await files.run {
                try inputs.enumerated().map { index, input -> Result<Item, ApplicationError> in
                    do {
                        return .success(try prepare(input))
                    } catch let error as ApplicationError {
                        guard onError == .item else { throw error.at(index: start + index) }
                        return .failure(error)
                    }
                }
            }
        }
        let encoded = try await scheduler.encode(
            lease.model, submit(outcomes.compactMap { try? $0.get() }), urgency: .interactive, normalize: normalize,
            requestSize: left)
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
                result.errors.append(error.item(start + index))
            }
        }
        return result
    }
}
