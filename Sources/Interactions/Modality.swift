/// The two sides of the game: image players come first, then text players.
public enum Modality: UInt8, Sendable, CustomStringConvertible {
    case image = 0
    case text = 1

    public var description: String { self == .image ? "image" : "text" }
}
