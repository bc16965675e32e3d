import JSON
import Tensors

extension HuggingFaceFamily {
    /// AltCLIP (Chen et al. 2022): CLIP's vision tower beside an XLM-R text tower. The first token's state is
    /// normalised, goes through a layer of its own (`transformation`) and then through the projection.
    static let altCLIP = HuggingFaceFamily(
        modelType: "altclip",
        tensorName: { name in
            let prefix = "text_model.roberta."
            if let part = name.removing(prefix: "text_model.final_layer_norm.") { return "text_model.pre_LN.\(part)" }
            return BERTNames.tensorName(name, prefix: prefix)
        }
    ) { top throws(ModelError) in
        let text = try top.nested("text_config", legacy: "text_config_dict")
        var family = ModelFamily.clip(name: "altclip", pooling: .firstPosition, tokenizer: .xlmRoberta)
        family.text = BERTTextTower.traits(
            projection: ProjectionTraits(
                name: "text_projection", hasBias: false,
                inner: ProjectionTraits.Inner(
                    name: "text_model.transformation", columns: try text.size("project_dim", default: 768))),
            finalNorm: "final_layer_norm")
        let padding = try text.integer("pad_token_id", default: 1)
        guard (0..<1 << 20).contains(padding) else {
            throw text.fails("pad_token_id", "an id is needed, not \(padding)")
        }
        return try clipModel(
            top, family: family,
            text: BERTTextTower.configuration(
                text,
                default: TransformerConfiguration(
                    hidden: 1024, intermediate: 4096, layers: 24, heads: 16, activation: .gelu, epsilon: 1e-5),
                vocabulary: 250_002, positions: 514, firstPosition: padding + 1,
                tokenTypes: 1))
    }
}
