/// What becomes of an absent patch.
public enum ImageMasking: String, Sendable, CaseIterable {
    /// Its normalised pixels are 0, so that it shows the mean colour; its token stays (the paper's masking).
    case mean
    /// Its token is removed. The empty image keeps CLIP's class token alone; SigLIP's has all patches as under
    /// ``mean``.
    case drop
}

/// An image as the vision tower's first block sees it, patch by patch. Made by ``LoadedModel/prepare(pixels:)``.
public struct PreparedImage: Sendable {
    let states: TokenStates

    /// Memory held, in bytes.
    public var residentBytes: Int { 4 * (states.hidden.count + states.queryKeyValue.count) }
}

/// A text as the text tower's first block sees it, token by token. Made by ``LoadedModel/prepare(ids:players:)``.
public struct PreparedText: Sendable {
    let states: TokenStates
    /// The token ids up to the pooled position.
    let ids: [Int]
    /// The position whose state becomes the embedding; CLIP's sequence ends there.
    let pooled: Int
    /// For each position of the sequence the player that it is, or −1 where it is always present.
    let playerOfPosition: [Int]
    /// The number of players.
    public let players: Int

    /// Memory held, in bytes.
    public var residentBytes: Int { 4 * (states.hidden.count + states.queryKeyValue.count) }
}

/// An image under a mask.
public struct ImageItem: Sendable {
    public var image: PreparedImage
    /// One byte per patch, row-major, 0 = absent; nil for the whole image.
    public var presence: [UInt8]?
    public var masking: ImageMasking
    /// Whether to compute in the model's own precision even where masks have a coarser one. Whole images always do.
    public var precise: Bool

    public init(
        image: PreparedImage, presence: [UInt8]? = nil, masking: ImageMasking = .mean, precise: Bool = false
    ) {
        self.image = image
        self.presence = presence
        self.masking = masking
        self.precise = precise
    }
}

/// A text under a mask.
public struct TextItem: Sendable {
    public var text: PreparedText
    /// One byte per player token, 0 = absent; nil for the whole text.
    public var presence: [UInt8]?
    /// Whether to compute in the model's own precision even where masks have a coarser one. Whole texts always do.
    public var precise: Bool

    public init(text: PreparedText, presence: [UInt8]? = nil, precise: Bool = false) {
        self.text = text
        self.presence = presence
        self.precise = precise
    }
}
