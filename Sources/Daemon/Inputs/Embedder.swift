import Encoders
import Synchronization

/// Embeddings of the items of a request, with what went wrong with some of them.
struct EncodedItems: Sendable {
    /// `[items]`, nil where the item failed.
    var rows: [[Float]?]
    /// Each with the index of its item.
    var errors: [ApplicationError] = []
    var truncated: [Int] = []
}

/// What happens when one item of a request is bad.
enum ItemFailure: Sendable {
    /// The whole request fails.
    case fails
    /// Only that item fails.
    case isNoted
}

/// What an embedding is of.
private struct EmbeddingKey: Hashable, Sendable {
    enum Content: Hashable, Sendable {
        /// What the model sees.
        case image(String)
        case text([Int])
    }

    /// `RunningModel.identity`.
    let model: Int
    let normalize: Bool
    let content: Content
}

/// An item of a request, ready to be encoded unless its embedding is known.
private enum PreparedItem<Item: Sendable>: Sendable {
    case known([Float])
    case new(Item, EmbeddingKey)
}

/// Embeds the images and texts of requests. What was embedded a short while ago is not encoded again: an item's
/// embedding does not depend on the request that it comes with.
package struct Embedder: Sendable {
    let scheduler: EncodeScheduler
    let images: ImageLoader
    /// Reads and decodes pictures.
    let decoding: WorkThreads
    /// Tokenizes.
    let preparing: WorkThreads
    private let recent = RecentValues<EmbeddingKey, [Float]>(limit: 16 << 20)

    package init(scheduler: EncodeScheduler, images: ImageLoader, decoding: WorkThreads, preparing: WorkThreads) {
        self.scheduler = scheduler
        self.images = images
        self.decoding = decoding
        self.preparing = preparing
    }

    /// Loads, preprocesses and encodes images.
    /// - Parameter normalize: whether embeddings are scaled to length 1.
    /// - Throws: the first item's error, with its index, unless failures are noted.
    func encode(
        _ inputs: [GivenImage], with model: HeldModel, normalize: Bool, onFailure: ItemFailure
    ) async throws -> EncodedItems {
        let images = images
        let request = Request<GivenImage>(inputs: inputs, model: model, normalize: normalize, onFailure: onFailure)
        return try await encode(request, chunk: 8, decodes: true, on: decoding) { input, _, turn in
            let image = try images.read(input, for: model.running, turn)
            try turn.check()
            return try prepared(.image(image.content), request) {
                ImageItem(image: try model.loaded.prepare(image.pixels))
            }
        } submit: {
            .images($0)
        }
    }

    /// Tokenizes and encodes texts.
    /// - Throws: as for images.
    func encode(
        _ texts: [String], with model: HeldModel, normalize: Bool, onFailure: ItemFailure
    ) async throws -> EncodedItems {
        let cut = ItemIndexes()
        let request = Request<String>(inputs: texts, model: model, normalize: normalize, onFailure: onFailure)
        var result = try await encode(request, chunk: 64, decodes: false, on: preparing) { text, index, turn in
            let tokenization = try model.tokenize(text, turn)
            if tokenization.truncated { cut.insert(index) }
            return try prepared(.text(tokenization.ids), request) {
                TextItem(text: try model.prepare(tokenization, players: tokenization.playerPositions))
            }
        } submit: {
            .texts($0)
        }
        result.truncated = cut.sorted
        return result
    }

    private struct Request<Input: Sendable>: Sendable {
        let inputs: [Input]
        let model: HeldModel
        let normalize: Bool
        let onFailure: ItemFailure
    }

    private typealias Prepare<Input, Item> =
        @Sendable (_ input: Input, _ index: Int, _ turn: WorkTurn) throws -> PreparedItem<Item>

    /// The embedding if it is known, else the item to encode.
    private func prepared<Input, Item: Sendable>(
        _ content: EmbeddingKey.Content, _ request: Request<Input>, _ item: () throws -> Item
    ) throws -> PreparedItem<Item> {
        let key = EmbeddingKey(
            model: request.model.running.identity, normalize: request.normalize, content: content)
        if let known = recent.value(of: key) { return .known(known) }
        return .new(try item(), key)
    }

    /// Prepares and encodes items a few at a time: a request of any length holds little memory, and others come
    /// between. Some are prepared while others are encoded.
    /// - Parameter decodes: whether preparing an input takes time enough for others to be waited for.
    private func encode<Input: Sendable, Item: Sendable>(
        _ request: Request<Input>, chunk: Int, decodes: Bool, on threads: WorkThreads,
        prepare: @escaping Prepare<Input, Item>, submit: @escaping @Sendable ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        let count = request.inputs.count
        let starts = Array(stride(from: 0, to: count, by: chunk))
        let chunks = await withTaskGroup(of: (Int, Result<EncodedItems, any Error>).self) { group in
            var results = [Result<EncodedItems, any Error>?](repeating: nil, count: starts.count)
            func add(_ index: Int) {
                let range = starts[index]..<min(starts[index] + chunk, count)
                group.addTask {
                    do {
                        return (
                            index,
                            .success(
                                try await encode(
                                    range, of: request, decodes: decodes, on: threads, prepare: prepare,
                                    submit: submit))
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

    private func encode<Input: Sendable, Item: Sendable>(
        _ range: Range<Int>, of request: Request<Input>, decodes: Bool, on threads: WorkThreads,
        prepare: @escaping Prepare<Input, Item>, submit: @Sendable ([Item]) -> EncodeItems
    ) async throws -> EncodedItems {
        let model = request.model.running
        let outcomes = try await scheduler.preparing(decodes ? range.count : 0, for: model) {
            try await threads.run { turn in
                try range.map { index -> Result<PreparedItem<Item>, ApplicationError> in
                    try turn.check()
                    do {
                        return .success(try prepare(request.inputs[index], index, turn))
                    } catch let error as ApplicationError {
                        guard request.onFailure == .isNoted else { throw error.at(index: index) }
                        return .failure(error.at(index: index))
                    }
                }
            }
        }
        let new = outcomes.compactMap { outcome -> Item? in
            guard case .success(.new(let item, _)) = outcome else { return nil }
            return item
        }
        let embeddings = try await encode(new, of: request, from: range.lowerBound, submit: submit)
        var result = EncodedItems(rows: [])
        var offset = 0
        let width = model.loaded.dimension
        for outcome in outcomes {
            switch outcome {
            case .success(.known(let row)):
                result.rows.append(row)
            case .success(.new(_, let key)):
                let row = Array(embeddings[offset..<offset + width])
                recent.keep(row, bytes: MemoryLayout<Float>.stride * (width + key.content.size), for: key)
                result.rows.append(row)
                offset += width
            case .failure(let error):
                result.rows.append(nil)
                result.errors.append(error)
            }
        }
        return result
    }

    /// `[items, dimension]`, row by row.
    private func encode<Input, Item>(
        _ items: [Item], of request: Request<Input>, from start: Int, submit: ([Item]) -> EncodeItems
    ) async throws -> [Float] {
        guard !items.isEmpty else { return [] }
        let encoded = try await scheduler.encode(
            request.model.running, submit(items), urgency: .interactive, normalize: request.normalize,
            requestSize: request.inputs.count - start)
        guard encoded.isComplete else { throw CancellationError() }
        return encoded.embeddings
    }
}

extension EmbeddingKey.Content {
    /// Its memory, in numbers of four bytes.
    fileprivate var size: Int {
        switch self {
        case .image(let content): content.utf8.count / 4
        case .text(let ids): 2 * ids.count
        }
    }
}

/// Indexes of items, noted from several threads.
private final class ItemIndexes: Sendable {
    private let indexes = Mutex<Set<Int>>([])

    func insert(_ index: Int) { indexes.withLock { _ = $0.insert(index) } }
    var sorted: [Int] { indexes.withLock { $0.sorted() } }
}
