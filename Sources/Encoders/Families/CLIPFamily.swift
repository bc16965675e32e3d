import JSON
import Tensors

extension ModelFamily {
    /// CLIP (Radford et al. 2021): a class token, causal texts read at their end token, projections without bias.
    static func clip(pooling: TextTraits.Pooling) -> ModelFamily {
        ModelFamily(
            name: "clip", probability: .softmax, scoreBias: .optional,
            vision: VisionTraits(
                pooling: .classToken, hasClassToken: true, normalizesEmbeddings: true, hasPatchBias: false,
                projection: ProjectionTraits(name: "visual_projection", hasBias: false)),
            text: TextTraits(
                attention: .causal, pooling: pooling, isPadded: false,
                projection: ProjectionTraits(name: "text_projection", hasBias: false)),
            tokenizer: .clip, preprocessor: .clip)
    }
}

extension HuggingFaceFamily {
    static let clip = HuggingFaceFamily(modelType: "clip") { top throws(ModelError) in
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        let text = try top.nested("text_config", legacy: "text_config_dict")
        // Old configurations have this id whatever the tokenizer's end token is; the library then pools at the largest.
        let end = try text.integer("eos_token_id", default: 49407)
        return ModelConfiguration(
            family: .clip(pooling: end == 2 ? .largestId : .first(id: end)),
            vision: try vision.visionTower(
                default: TransformerConfiguration(
                    hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU, epsilon: 1e-5),
                patchSize: 32),
            text: TextConfiguration(
                transformer: try text.transformer(
                    default: TransformerConfiguration(
                        hidden: 512, intermediate: 2048, layers: 12, heads: 8, activation: .quickGELU, epsilon: 1e-5)),
                vocabulary: try text.size("vocab_size", default: 49408),
                positions: try text.size("max_position_embeddings", default: 77)),
            dimension: try top.size("projection_dim", default: 512))
    }
}
