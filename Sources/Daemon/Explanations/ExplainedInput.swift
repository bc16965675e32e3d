import Encoders
import Images
import Interactions
import Tokenizers

/// The image of an explanation, ready for the tower.
package struct ExplainedImage: Sendable {
    let prepared: PreparedImage
    let picture: KeptPicture
    /// From the model's pixels back to those of the picture.
    let geometry: ImageGeometry
    let players: ImagePlayers
}

/// A text of an explanation, ready for the tower.
package struct ExplainedText: Sendable {
    let caption: String
    let prepared: PreparedText
    let isTruncated: Bool
    let players: TextPlayers
    /// What makes a player.
    let grouping: PlayerGrouping
    /// The players, as the caption spells them.
    let words: [CaptionPlayer]
}

/// A player of a caption: as the caption spells it, and where it stands, in Unicode scalars.
package struct CaptionPlayer: Sendable, Equatable {
    package let text: String
    package let range: Range<Int>
}

/// A game that an explanation holds, so that it stays in memory.
final class HeldGame: Sendable {
    private let hold: GameHold

    init(_ hold: consuming GameHold) { self.hold = hold }

    var game: MaskedGame { hold.game }
}

/// One input of an explanation that is masked: what it is, its plan of masks, their game, and its factor in its side.
package struct ExplainedInput: Sendable {
    enum Content: Sendable {
        case image(ExplainedImage)
        case text(ExplainedText)
    }

    let content: Content
    /// 1, except among the texts of a sum.
    let weight: Double
    package let plan: SamplingPlan
    let held: HeldGame
    /// What is expected of an image before its masks.
    let prior: SidePrior?
    /// What that was made with beside the pass over it.
    let learnt: LearntMap?

    package var game: MaskedGame { held.game }
    var players: Int { plan.players }
    var modality: Modality { plan.modality }

    var image: ExplainedImage? {
        guard case .image(let image) = content else { return nil }
        return image
    }

    var text: ExplainedText? {
        guard case .text(let text) = content else { return nil }
        return text
    }

    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encode(
        _ coalitions: [Coalition], with encoder: MaskEncoder, masking: ImageMasking
    ) async throws -> EncodedRows {
        try await content.encode(coalitions, with: encoder, masking: masking)
    }

    /// Memory that it holds besides its game.
    var bytes: Int { content.bytes + 8 * (prior?.mean?.elements.count ?? 0) }
}

extension ExplainedInput.Content {
    /// - Parameter states: takes what the patches of the whole image say by themselves, if it is wanted here.
    /// - Returns: L2-normalised embeddings `[coalitions, dimension]`.
    func encode(
        _ coalitions: [Coalition], with encoder: MaskEncoder, masking: ImageMasking, states: PatchStatesSink? = nil
    ) async throws -> EncodedRows {
        switch self {
        case .image(let image):
            try await encoder.encode(
                coalitions, of: MaskedImage(prepared: image.prepared, players: image.players, masking: masking),
                states: states)
        case .text(let text):
            try await encoder.encode(coalitions, of: MaskedText(prepared: text.prepared, players: text.players))
        }
    }

    fileprivate var bytes: Int {
        switch self {
        case .image(let image): image.prepared.residentBytes + image.picture.bytes
        case .text(let text): text.prepared.residentBytes
        }
    }
}

/// What an image or a text is compared with, where that is not a single input.
struct ExplainedTarget: Sendable {
    enum Kind: String, Sendable { case embedding, texts, classes }

    var kind: Kind
    /// In words: `a dog rather than a cat`.
    var label: String
    /// Of a class: what it is set against, in words.
    var rather: String?
    /// Of a class: its probability among the others.
    var probability: Double?
}

/// What the values of an explanation are measured in: v = factor · ⟨f, h⟩ + bias.
struct ExplanationScale: Sendable, Equatable {
    enum Unit: Sendable { case logits, cosine }

    let unit: Unit
    let factor: Double
    let bias: Double

    /// - Parameter biasWeight: how often a logit's bias counts; 0 where no text's logits are meant.
    init(_ unit: Unit, of model: LoadedModel, biasWeight: Double) {
        self.unit = unit
        factor = unit == .logits ? Double(model.logitScale) : 1
        bias = unit == .logits ? Double(model.logitBias) * biasWeight : 0
    }
}
