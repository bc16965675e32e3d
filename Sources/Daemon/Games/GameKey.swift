import Digests
import Interactions
import Tensors

/// What makes two image games the same: masks of one may serve the other.
package struct ImageGameKey: Hashable, Sendable {
    var model: GameModel
    /// A digest of the preprocessed pixels.
    var content: String
    var masking: String
    /// The patches of each player.
    var players: String
}

/// What makes two text games the same.
package struct TextGameKey: Hashable, Sendable {
    var model: GameModel
    var ids: [Int]
    /// The tokens of each player.
    var players: String

    package init(model: GameModel, ids: [Int], players: String) {
        self.model = model
        self.ids = ids
        self.players = players
    }
}

package enum GameKey: Hashable, Sendable {
    case image(ImageGameKey)
    case text(TextGameKey)

    var modality: Modality {
        switch self {
        case .image: .image
        case .text: .text
        }
    }

    private var model: GameModel {
        switch self {
        case .image(let key): key.model
        case .text(let key): key.model
        }
    }

    /// What images of this one's kind teach each other by; nil for a text.
    var learntMap: LearntMapKey? {
        guard case .image(let key) = self else { return nil }
        return LearntMapKey(model: key.model, masking: key.masking)
    }

    /// The same game encoded otherwise.
    func with(_ model: GameModel) -> GameKey {
        switch self {
        case .image(var key):
            key.model = model
            return .image(key)
        case .text(var key):
            key.model = model
            return .text(key)
        }
    }

    /// Names the game whatever state the model's files are in.
    var name: String {
        switch self {
        case .image(let key):
            "image|\(key.model.folder)|\(key.model.precision)|\(key.content)|\(key.masking)|\(key.players)"
        case .text(let key): "text|\(key.model.folder)|\(key.model.precision)|\(key.ids)|\(key.players)"
        }
    }

    /// SHA-256 of the name.
    package var digest: String { Array(name.utf8).withUnsafeBytes { sha256($0) } }

    /// Tells whether kept masks are this game's, and the model's files, the program and the processor those they were
    /// encoded with.
    var header: String {
        "\(digest) \(FIxLIPDaemonVersion.program) \(CPUFeatures.current.names.joined(separator: " ")); \(model.weights)"
    }
}

/// What embeddings depend on beside the input.
package struct GameModel: Hashable, Sendable {
    var folder: String
    /// The arithmetic of whole and of masked inputs.
    var precision: String
    /// Names, sizes and times of the weight files.
    var weights: String

    package init(folder: String, precision: String, weights: String) {
        self.folder = folder
        self.precision = precision
        self.weights = weights
    }

    /// By bytes: Swift takes `é` composed and decomposed for equal strings, and they are the folders of two models.
    package static func == (a: GameModel, b: GameModel) -> Bool {
        a.folder.utf8.elementsEqual(b.folder.utf8) && a.precision == b.precision
            && a.weights.utf8.elementsEqual(b.weights.utf8)
    }

    package func hash(into hasher: inout Hasher) {
        for byte in folder.utf8 { hasher.combine(byte) }
        hasher.combine(precision)
    }
}
