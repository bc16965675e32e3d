import Encoders
import Interactions

/// The image side of a game: what coalitions of its players are masks of.
struct MaskedImage: Sendable {
    let prepared: PreparedImage
    let players: ImagePlayers
    let masking: ImageMasking
}

/// The text side of a game.
struct MaskedText: Sendable {
    let prepared: PreparedText
    let players: TextPlayers
}

/// Turns coalitions into masked inputs and has them encoded. The empty and the full one are always precise.
struct MaskEncoder: Sendable {
    let scheduler: EncodeScheduler
    let model: RunningModel
    let urgency: Urgency
    /// Whether all masks are computed in the model's own precision, not only the empty and the full one.
    var precise = false

    /// - Parameter states: takes what the patches of the whole image say by themselves, if it is wanted here.
    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encode(
        _ coalitions: [Coalition], of image: MaskedImage, states: PatchStatesSink? = nil
    ) async throws -> EncodedRows {
        let items = coalitions.map { coalition in
            ImageItem(
                image: image.prepared, presence: image.players.patchPresence(coalition), masking: image.masking,
                precise: precise || coalition.isEmpty || coalition.isFull, states: coalition.isFull ? states : nil)
        }
        return try await scheduler.encode(model, .images(items), urgency: urgency)
    }

    /// Masks that begin alike stand side by side in the order, so that each worker's share has beginnings of its own.
    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encode(_ coalitions: [Coalition], of text: MaskedText) async throws -> EncodedRows {
        let presences = coalitions.map { text.players.tokenPresence($0) }
        let order = coalitions.indices.sorted { presences[$0].lexicographicallyPrecedes(presences[$1]) }
        let items = order.map { index in
            TextItem(
                text: text.prepared, presence: presences[index],
                precise: precise || coalitions[index].isEmpty || coalitions[index].isFull)
        }
        return try await scheduler.encode(model, .texts(items), urgency: urgency).ordered(back: order)
    }
}

extension EncodedRows {
    /// The rows of items that were encoded in the order `order`, as they stood before: row i goes to `order[i]`.
    fileprivate func ordered(back order: [Int]) -> EncodedRows {
        let width = order.isEmpty ? 0 : embeddings.count / order.count
        var result = EncodedRows(embeddings: embeddings, finished: finished)
        for (row, place) in order.enumerated() {
            result.finished[place] = finished[row]
            result.embeddings.replaceSubrange(
                place * width..<(place + 1) * width, with: embeddings[row * width..<(row + 1) * width])
        }
        return result
    }
}
