import Interactions

/// What makes two image games the same: masks of one may serve the other.
struct ImageGameKey: Hashable, Sendable {
    /// The model's files and the precision its masks run in.
    var model: String
    /// A digest of the preprocessed pixels.
    var content: String
    var masking: String
    /// The patches of each player.
    var players: String
}

/// What makes two text games the same.
struct TextGameKey: Hashable, Sendable {
    var model: String
    var ids: [Int]
    /// The tokens of each player.
    var players: String
}

enum GameKey: Hashable, Sendable {
    case image(ImageGameKey)
    case text(TextGameKey)

    var modality: Modality {
        switch self {
        case .image: .image
        case .text: .text
        }
    }

    var model: String {
        switch self {
        case .image(let key): key.model
        case .text(let key): key.model
        }
    }
}
