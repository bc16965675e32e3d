/// Why an interaction game could not be set up, estimated or read.
package enum InteractionError: Error, Equatable, CustomStringConvertible {
    /// A parameter is outside what it may be; the message says what is allowed.
    case invalidParameter(name: String, message: String)
    /// The players given do not fit the image or the text.
    case invalidPlayers(String)
    /// A coalition that the estimate needs has no embedding in the game.
    case missingEmbedding(modality: Modality, count: Int)
    /// Too few masks to estimate anything.
    case tooFewMasks(String)
    /// A stored game is damaged or of another version.
    case corruptState(String)
    /// The numerical solve failed.
    case numerical(String)

    package var description: String {
        switch self {
        case .invalidParameter(let name, let message): "\(name): \(message)"
        case .invalidPlayers(let message): message
        case .missingEmbedding(let modality, let count):
            "\(count) \(modality) coalitions of the sampling plan have no embedding yet; encode what `missing` lists and append it"
        case .tooFewMasks(let message): message
        case .corruptState(let message): "stored game: \(message)"
        case .numerical(let message): "estimation failed: \(message)"
        }
    }
}
