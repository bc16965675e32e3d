/// What becomes of an absent patch.
package enum ImageMasking: String, Sendable, CaseIterable {
    /// Its normalised pixels are 0, so that it shows the mean colour; its token stays (the paper's masking).
    case mean
    /// Its token is removed. The empty image keeps the class token alone; without one it has all patches as under
    /// ``mean``.
    case drop
}

/// An image as the vision tower's first block sees it, patch by patch. Made by
/// ``LoadedModel/prepare(pixels:height:width:)``.
package struct PreparedImage: Sendable {
    package let grid: PatchGrid
    let states: TokenStates
    /// The states of an image of this grid without any patch; shared by all images of the grid.
    let absent: TokenStates

    /// Memory held, in bytes.
    package var residentBytes: Int { 4 * (states.hidden.count + states.queryKeyValue.count) }
}

/// A text as the text tower's first block sees it, token by token. Made by ``LoadedModel/prepare(ids:players:)``.
package struct PreparedText: Sendable {
    let states: TokenStates
    /// The token ids, under causal attention up to the pooled position.
    let ids: [Int]
    /// The position whose state becomes the embedding.
    let pooled: Int
    /// For each position of the sequence the player that it is, or −1 where it is always present.
    let playerOfPosition: [Int]
    /// The number of players.
    package let players: Int

    /// Memory held, in bytes.
    package var residentBytes: Int { 4 * (states.hidden.count + states.queryKeyValue.count) }
}

/// An image under a mask.
package struct ImageItem: Sendable {
    package var image: PreparedImage
    /// One byte per patch, row-major, 0 = absent; nil for the whole image.
    package var presence: [UInt8]?
    package var masking: ImageMasking
    /// Whether to compute in the model's own precision even where masks have a coarser one. Whole images always do.
    package var precise: Bool
    /// Where the states of its patches go, which have to be all there; nil where nobody wants them.
    package var states: PatchStatesSink?

    package init(
        image: PreparedImage, presence: [UInt8]? = nil, masking: ImageMasking = .mean, precise: Bool = false,
        states: PatchStatesSink? = nil
    ) {
        self.image = image
        self.presence = presence
        self.masking = masking
        self.precise = precise
        self.states = states
    }
}

/// A text under a mask.
package struct TextItem: Sendable {
    package var text: PreparedText
    /// One byte per player token, 0 = absent; nil for the whole text.
    package var presence: [UInt8]?
    /// Whether to compute in the model's own precision even where masks have a coarser one. Whole texts always do.
    package var precise: Bool

    package init(text: PreparedText, presence: [UInt8]? = nil, precise: Bool = false) {
        self.text = text
        self.presence = presence
        self.precise = precise
    }
}
