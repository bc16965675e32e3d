/// What is wrong with a safetensors file, or with a tensor that was asked of it.
package enum SafetensorsError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    /// The file was written to after it was opened.
    case changed(file: String)
    /// The file's own structure is broken: its header's length, its JSON, or its layout of tensors.
    case malformed(file: String, reason: String)
    /// One tensor's entry is broken.
    case malformedTensor(file: String, tensor: String, reason: String)
    case missingTensor(file: String, tensor: String)
    case shape(file: String, tensor: String, found: [Int], expected: [Int])

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .changed(let file):
            "\(file) was changed in place while it was in use; load the model again (models/unload, then models/load), "
                + "and replace weight files by renaming"
        case .malformed(let file, let reason): "\(file) is not a valid safetensors file: \(reason)"
        case .malformedTensor(let file, let tensor, let reason): "\(file): tensor \"\(tensor)\": \(reason)"
        case .missingTensor(let file, let tensor): "\(file) has no tensor \"\(tensor)\""
        case .shape(let file, let tensor, let found, let expected):
            "\(file): tensor \"\(tensor)\" has shape \(found), but the configuration calls for \(expected)"
        }
    }
}
