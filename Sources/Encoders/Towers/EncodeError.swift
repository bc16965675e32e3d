import Tensors

/// Why some images or texts could not be encoded.
package enum EncodeError: Error, Sendable, CustomStringConvertible {
    /// The pixels given are not `[3, height, width]`.
    case pixelCount(found: Int, height: Int, width: Int)
    /// A picture is not made of whole patches, or of too many.
    case pictureSize(height: Int, width: Int, patchSize: Int, mostPatches: Int)
    /// A mask has another number of players than its image has patches or its text has players.
    case presenceCount(item: Int, found: Int, expected: Int)
    /// The place for the results has another size than `[items, dimension]`.
    case resultCount(found: Int, expected: Int)
    /// The text encoder cannot take the ids given.
    case ids(reason: String)
    /// Token embeddings could not be read from the weight file.
    case weights(reason: String)
    /// Nobody wants the result any more.
    case cancelled
    /// The numerical library failed.
    case compute(reason: String)

    package var description: String {
        switch self {
        case .pixelCount(let found, let height, let width):
            "\(found) pixel values were given; 3 × \(height) × \(width) are needed"
        case .pictureSize(let height, let width, let patchSize, let mostPatches):
            "a picture of \(height) × \(width) pixels was given; 1 to \(mostPatches) whole patches of \(patchSize) × "
                + "\(patchSize) are possible"
        case .presenceCount(let item, let found, let expected):
            "the mask of item \(item) has \(found) players; \(expected) are needed"
        case .resultCount(let found, let expected): "room for \(found) results was given; \(expected) are needed"
        case .cancelled: "the encoding was cancelled"
        case .ids(let reason), .weights(let reason), .compute(let reason): reason
        }
    }
}

extension EncodeError {
    init(_ error: TensorError) {
        self = if case .cancelled = error { .cancelled } else { .compute(reason: error.description) }
    }
}
