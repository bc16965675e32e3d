import JSON
import Tensors

/// A kind of model in the Hugging Face layout: the `model_type` that names it, and how its configuration is read.
///
/// Another kind is a file of its own with its description, and its place in ``all``.
struct HuggingFaceFamily: Sendable {
    let modelType: String
    /// What the list of supported types says beside it.
    var remark: String?
    /// A tensor's name in the file, by its name in CLIP's layout, which towers ask for.
    var tensorName: @Sendable (String) -> String = { $0 }
    /// Reads a `config.json` of this type; what it leaves out has the reference library's default.
    let configuration: @Sendable (_ top: ConfigurationReader) throws(ModelError) -> ModelConfiguration

    static let all: [HuggingFaceFamily] = [.clip, .siglip, .siglip2, .metaCLIP2, .chineseCLIP, .altCLIP]

    /// Model types that are refused with a reason of their own.
    private static let refused: [String: String] = [
        "bert": "a text encoder alone has no image tower",
        "llava": "a language model that reads images has no embedding to compare",
        "clip_text_model": "a text tower alone has no image tower",
        "clip_vision_model": "an image tower alone has no text tower",
        "siglip_text_model": "a text tower alone has no image tower",
        "siglip_vision_model": "an image tower alone has no text tower",
    ]

    /// `"a", "b" (which …) and "c"`, as messages list what is supported.
    private static var supported: String {
        let names = all.map { "\"\($0.modelType)\"" + ($0.remark.map { " (\($0))" } ?? "") }
        return "supported are " + names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    }

    /// Whether a `config.json` names one of the families.
    static func isNamed(by file: String) -> Bool {
        guard let type = (try? JSONValue(contentsOf: file))?["model_type"]?.string else { return false }
        return all.contains { $0.modelType == type }
    }

    /// The family of a configuration.
    /// - Throws: ``ModelError/unsupported(file:what:)`` with the type that no description matches.
    static func of(_ top: ConfigurationReader) throws(ModelError) -> HuggingFaceFamily {
        guard let type = try top.string("model_type") else {
            throw top.fails("model_type", "it is missing; \(supported)")
        }
        if let family = all.first(where: { $0.modelType == type }) { return family }
        let reason = refused[type].map { ": \($0)" } ?? ""
        throw top.unsupported("model_type", "\"\(type)\" is not supported\(reason); \(supported)")
    }
}
