import Encoders
import Interactions

/// Turns coalitions of an explanation's players into masked inputs and has them encoded.
struct MaskEncoder: Sendable {
    let scheduler: EncodeScheduler

    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encodeImages(of explanation: Explanation, _ coalitions: [Coalition]) async throws -> EncodedRows {
        let masking: ImageMasking = explanation.settings.masking == .drop ? .drop : .mean
        let items = coalitions.map { coalition in
            ImageItem(
                image: explanation.image.prepared, presence: explanation.imagePlayers.patchPresence(coalition),
                masking: masking, precise: coalition.isEmpty || coalition.isFull)
        }
        return try await scheduler.encode(explanation.lease.model, .images(items), urgency: .refinement)
    }

    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encodeTexts(of explanation: Explanation, _ coalitions: [Coalition]) async throws -> EncodedRows {
        let items = coalitions.map { coalition in
            TextItem(
                text: explanation.text, presence: explanation.textPlayers.tokenPresence(coalition),
                precise: coalition.isEmpty || coalition.isFull)
        }
        return try await scheduler.encode(explanation.lease.model, .texts(items), urgency: .refinement)
    }
}
