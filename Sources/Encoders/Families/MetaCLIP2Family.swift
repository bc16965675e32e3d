import JSON
import Tensors

extension HuggingFaceFamily {
    /// MetaCLIP 2 (Chuang et al. 2025): CLIP's towers with texts of XLM-V's tokens, read at their first end token,
    /// whatever its id: that of the old CLIP configurations stands here for itself.
    static let metaCLIP2 = HuggingFaceFamily(modelType: "metaclip_2") { top throws(ModelError) in
        let text = try top.nested("text_config", legacy: "text_config_dict")
        let end = try text.integer("eos_token_id", default: 49407)
        return try clipModel(
            top, family: .clip(name: "metaclip_2", pooling: .token(id: end), tokenizer: .xlmRoberta),
            text: clipText(text))
    }
}
