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

    /// What becomes of a model that did not load: what a client is told about it, or `CancellationError`.
    static func loading(_ error: ModelError) -> any Error {
        let kind: ErrorKind
        switch error {
        case .cancelled: return CancellationError()
        case .notFound, .missingFile: kind = .modelNotFound
        case .unsupported: kind = .modelUnsupported
        case .memory: kind = .memoryLimit
        case .unreadable, .configuration, .weights, .tokenizer, .preprocessor, .compute: kind = .modelCorrupt
        }
        return ApplicationError(kind, "\(error)")
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
