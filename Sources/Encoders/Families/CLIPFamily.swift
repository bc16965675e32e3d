import JSON
import Tensors
import Tokenizers

extension ModelFamily {
    /// CLIP (Radford et al. 2021): a class token, causal texts read at their end token, projections without bias.
    static func clip(
        name: String = "clip", pooling: TextTraits.Pooling, tokenizer: TokenizerLoader.Family = .clip
    ) -> ModelFamily {
        ModelFamily(
            name: name, probability: .softmax, scoreBias: .optional,
            vision: VisionTraits(
                pooling: .classToken, hasClassToken: true, normalizesEmbeddings: true, hasPatchBias: false,
                projection: ProjectionTraits(name: "visual_projection", hasBias: false)),
            text: TextTraits(
                attention: .causal, pooling: pooling, isPadded: false,
                projection: ProjectionTraits(name: "text_projection", hasBias: false)),
            tokenizer: tokenizer, preprocessor: .clip)
    }
}

extension HuggingFaceFamily {
    static let clip = HuggingFaceFamily(modelType: "clip") { top throws(ModelError) in
        let text = try top.nested("text_config", legacy: "text_config_dict")
        // Old configurations have this id whatever the tokenizer's end token is; the library then pools at the largest.
        let end = try text.integer("eos_token_id", default: 49407)
        return try clipModel(
            top, family: .clip(pooling: end == 2 ? .largestId : .token(id: end)), text: clipText(text))
    }

    /// The sizes of CLIP's text tower.
    static func clipText(_ reader: ConfigurationReader) throws(ModelError) -> TextConfiguration {
        TextConfiguration(
            transformer: try reader.transformer(
                default: TransformerConfiguration(
                    hidden: 512, intermediate: 2048, layers: 12, heads: 8, activation: .quickGELU, epsilon: 1e-5)),
            vocabulary: try reader.size("vocab_size", default: 49408),
            positions: try reader.size("max_position_embeddings", default: 77))
    }

    /// A model of CLIP's vision tower beside some text tower.
    static func clipModel(
        _ top: ConfigurationReader, family: ModelFamily, text: TextConfiguration
    ) throws(ModelError) -> ModelConfiguration {
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        return ModelConfiguration(
            family: family,
            vision: try vision.visionTower(
                default: TransformerConfiguration(
                    hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU, epsilon: 1e-5),
                patchSize: 32),
            text: text,
            dimension: try top.size("projection_dim", default: 512))
    }
}
