import Encoders
import FIxLIPProtocol

extension ApplicationError {
    /// What a client is told about a model that did not load.
    init(_ error: ModelError) {
        let kind: ErrorKind =
            switch error {
            case .notFound, .missingFile: .modelNotFound
            case .unsupported: .modelUnsupported
            case .configuration(_, let key, _) where key.hasSuffix("model_type") || key.hasSuffix("hidden_act")
                || key.hasSuffix("_model_name"):
                .modelUnsupported
            case .unreadable, .configuration, .weights, .tokenizer, .preprocessor, .compute: .modelCorrupt
            }
        self.init(kind, "\(error)")
    }
}
