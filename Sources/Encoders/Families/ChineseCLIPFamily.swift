import JSON
import Tensors

extension HuggingFaceFamily {
    /// Chinese-CLIP (Yang et al. 2022): CLIP's vision tower beside a BERT text tower that is read at its first token.
    static let chineseCLIP = HuggingFaceFamily(
        modelType: "chinese_clip",
        tensorName: { BERTNames.tensorName($0, prefix: "text_model.") }
    ) { top throws(ModelError) in
        let text = try top.nested("text_config", legacy: "text_config_dict")
        var family = ModelFamily.clip(name: "chinese_clip", pooling: .firstPosition, tokenizer: .bert)
        family.text = BERTTextTower.traits(projection: ProjectionTraits(name: "text_projection", hasBias: false))
        return try clipModel(
            top, family: family,
            text: BERTTextTower.configuration(
                text,
                default: TransformerConfiguration(
                    hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .gelu, epsilon: 1e-12),
                vocabulary: 30522, positions: 512, firstPosition: 0, tokenTypes: 2))
    }
}
