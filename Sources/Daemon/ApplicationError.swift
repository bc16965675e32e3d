import FIxLIPProtocol
import Interactions

/// An error a client is told, with its code from the protocol: what was wrong, and what to do.
public struct ApplicationError: Error, CustomStringConvertible {
    public let kind: ErrorKind
    public let message: String
    /// The index of the item at fault in a list of images or texts.
    public let index: Int?

    public init(_ kind: ErrorKind, _ message: String, index: Int? = nil) {
        self.kind = kind
        self.message = message
        self.index = index
    }

    public var description: String { message }

    func at(index: Int) -> ApplicationError {
        ApplicationError(kind, message, index: index)
    }

    func item(_ index: Int) -> ItemError {
        ItemError(index: index, code: kind.rawValue, kind: kind.name, message: message)
    }
}

/// A parameter that is not what it must be: JSON-RPC's −32602.
public struct ParameterError: Error, CustomStringConvertible {
    public let parameter: String
    public let message: String

    public init(_ parameter: String, _ message: String) {
        self.parameter = parameter
        self.message = message
    }

    public var description: String { "'\(parameter)' \(message)" }
}

extension ApplicationError {
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
