/// Why a preprocessor could not be made from a model's files, or does not fit the model.
public enum PreprocessorError: Error, Equatable, CustomStringConvertible {
    /// Neither file is in the folder.
    case missing(folder: String)
    /// The file is no JSON object or cannot be read.
    case unreadable(file: String, reason: String)
    /// A key holds something that cannot be used.
    case invalid(file: String, key: String, reason: String)
    /// The file asks for a kind of preprocessing that this library does not do.
    case unsupported(file: String, what: String)
    /// The preprocessor makes pictures of another size than the model reads.
    case sizeMismatch(made: String, wanted: String)

    public var description: String {
        switch self {
        case .missing(let folder):
            "\(folder): neither preprocessor_config.json nor processor_config.json (with \"image_processor\") is there"
        case .unreadable(let file, let reason):
            "\(file): \(reason)"
        case .invalid(let file, let key, let reason):
            "\(file): \"\(key)\": \(reason)"
        case .unsupported(let file, let what):
            "\(file): \(what)"
        case .sizeMismatch(let made, let wanted):
            "the image preprocessor makes pictures of \(made) (height x width), but the model reads \(wanted); "
                + "correct \"crop_size\" or \"size\" in the preprocessor config"
        }
    }
}
