/// A failure inside the numerical library or its memory.
public enum TensorError: Error, Sendable, CustomStringConvertible {
    /// oneDNN refused an operation; `reason` is its own message.
    case library(reason: String)
    /// The memory an operation needs could not be had.
    case outOfMemory(operation: String)

    public var description: String {
        switch self {
        case .library(let reason): "oneDNN: \(reason)"
        case .outOfMemory(let operation): "not enough memory for \(operation)"
        }
    }
}
