import Encoders
import FIxLIPProtocol
import Images
import Interactions

extension ApplicationError {
    /// What a client is told about an image that could not be read.
    init(_ error: ImageError) {
        let kind: ErrorKind =
            switch error.kind {
            case .imageUnreadable: .imageUnreadable
            case .imageTooLarge: .imageTooLarge
            case .pathNotAllowed: .pathNotAllowed
            }
        self.init(kind, "\(error)")
    }

    /// What a client is told about a model that did not load.
    init(_ error: ModelError) {
        let kind: ErrorKind =
            switch error {
            case .notFound, .missingFile: .modelNotFound
            case .unsupported: .modelUnsupported
            case .memory: .memoryLimit
            case .unreadable, .configuration, .weights, .tokenizer, .preprocessor, .compute: .modelCorrupt
            }
        self.init(kind, "\(error)")
    }

    /// What a client is told about an estimate that could not be made, or an explanation that could not be read.
    ///
    /// `name` and `other`: a parameter that the protocol calls otherwise than the library.
    static func estimation(_ error: InteractionError, renaming name: String = "", to other: String = "") -> any Error {
        switch error {
        case .invalidParameter(let parameter, let message):
            ParameterError(parameter == name ? other : parameter, "is refused: \(message)")
        case .invalidPlayers(let message): ParameterError("players", "does not fit: \(message)")
        case .tooFewMasks(let message): ApplicationError(.budgetInvalid, message)
        case .missingEmbedding, .corruptState, .numerical: error
        }
    }
}
