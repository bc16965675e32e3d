import JSON
import ShownText

/// What is wrong with a file of weights, or with a tensor that was asked of it.
package enum WeightFileError: Error, Sendable, Equatable, CustomStringConvertible {
    case unreadable(file: String, reason: String)
    /// The file was written to after it was opened.
    case changed(file: String)
    /// A safetensors file's own structure is broken: its header's length, its JSON, or its layout of tensors.
    case malformed(file: String, reason: String)
    /// The same of a file that PyTorch wrote; or its pickle calls for something that no weights need.
    case malformedPickle(file: String, reason: String)
    /// One tensor's entry is broken.
    case malformedTensor(file: String, tensor: String, reason: String)
    case missingTensor(file: String, tensor: String)
    case shape(file: String, tensor: String, found: [Int], expected: [Int])
    /// A tensor holds a NaN or an infinity; `element` counts from 0, row by row.
    case notFinite(file: String, tensor: String, element: Int)

    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "cannot read \(file): \(reason)"
        case .changed(let file):
            "\(file) was changed in place while it was in use; load the model again (models/unload, then models/load), "
                + "and replace weight files by renaming"
        case .malformed(let file, let reason): "\(file) is not a valid safetensors file: \(reason)"
        case .malformedPickle(let file, let reason): "\(file) is not a file of weights that can be read: \(reason)"
        case .malformedTensor(let file, let tensor, let reason): "\(file): tensor \(tensor.quotedName): \(reason)"
        case .missingTensor(let file, let tensor): "\(file) has no tensor \(tensor.quotedName)"
        case .notFinite(let file, let tensor, let element):
            "\(file): tensor \(tensor.quotedName) holds a value that is not a finite number (the first is value \(element)); "
                + "the file is damaged, or its training failed"
        case .shape(let file, let tensor, let found, let expected):
            "\(file): tensor \(tensor.quotedName) has shape \(found), but the configuration calls for \(expected)"
        }
    }
}
