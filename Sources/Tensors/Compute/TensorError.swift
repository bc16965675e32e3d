/// A failure inside the numerical library or its memory.
package enum TensorError: Error, Sendable, CustomStringConvertible {
    /// A matrix could not be packed or multiplied; `reason` says which and why.
    case library(reason: String)
    /// Nobody wants the result any more.
    case cancelled
    /// The memory an operation needs could not be had.
    case outOfMemory(operation: String)

    package var description: String {
        switch self {
        case .library(let reason): reason
        case .cancelled: "the work was cancelled"
        case .outOfMemory(let operation): "not enough memory for \(operation)"
        }
    }
}
