/// What can go wrong when tokenizer files are read or a text is tokenized.
package enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The folder holds none of the files that a tokenizer of this kind is read from.
    case noTokenizer(folder: String, expected: [String])
    /// A file that another one calls for is absent or cannot be read.
    case unreadable(file: String, reason: String)
    /// The file is not valid JSON, or not in the format its name promises. `place` says where in the file.
    case corrupt(file: String, place: String, reason: String)
    /// The file asks for a component or option that this library does not implement.
    case unsupported(file: String, component: String)
    /// A merge names a token that the vocabulary lacks.
    case unknownMergeToken(file: String, merge: Int, token: String)
    /// A special token (beginning, end, padding, unknown) is not in the vocabulary.
    case unknownSpecialToken(file: String, role: String, token: String)
    /// The number of positions leaves no room for the special tokens.
    case tooFewPositions(positions: Int, specialTokens: Int)
    /// A span for players of a text is empty, out of range, overlaps another, or meets no token.
    case spanInvalid(index: Int, reason: String)
    /// The text cannot be tokenized.
    case textInvalid(reason: String)
    /// Nobody wants the tokenizer any more.
    case cancelled

    package var description: String {
        switch self {
        case .noTokenizer(let folder, let expected):
            "\(folder): no tokenizer found; expected \(expected.joined(separator: ", or "))"
        case .unreadable(let file, let reason):
            "\(file): cannot be read: \(reason)"
        case .corrupt(let file, let place, let reason):
            place.isEmpty ? "\(file): \(reason)" : "\(file): \(place): \(reason)"
        case .unsupported(let file, let component):
            "\(file): \(component) is not supported"
        case .unknownMergeToken(let file, let merge, let token):
            "\(file): merge \(merge) names the token \"\(token)\", which the vocabulary lacks"
        case .unknownSpecialToken(let file, let role, let token):
            "\(file): the \(role) token \"\(token)\" is not in the vocabulary"
        case .tooFewPositions(let positions, let specialTokens):
            "\(positions) text positions leave no room for text beside \(specialTokens) special tokens"
        case .spanInvalid(let index, let reason):
            "span \(index): \(reason)"
        case .textInvalid(let reason):
            "the text cannot be tokenized: \(reason)"
        case .cancelled: "the reading of the tokenizer was cancelled"
        }
    }
}
