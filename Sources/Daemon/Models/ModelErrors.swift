import Encoders
import FIxLIPProtocol

extension ApplicationError {
    /// What a client is told about a model that did not load.
    init(_ error: ModelError) {
        let kind: ErrorKind =
            switch error {
            case .notFound, .missingFile: .modelNotFound
            case .unsupported: .modelUnsupported
            case .unreadable, .configuration, .weights, .tokenizer, .preprocessor, .compute: .modelCorrupt
            }
        self.init(kind, "\(error)")
    }
}
