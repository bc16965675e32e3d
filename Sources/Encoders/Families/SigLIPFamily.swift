import JSON
import Tensors

extension ModelFamily {
    /// SigLIP (Zhai et al. 2023) and SigLIP2 of a fixed resolution: no class token, texts padded and read at their
    /// last position, a probability for each pair.
    /// - Parameter pooling: attention, or the mean where the attention-pooling head is left out.
    static func siglip(pooling: VisionTraits.Pooling = .attention) -> ModelFamily {
        ModelFamily(
            name: "siglip", probability: .sigmoid, scoreBias: .required,
            vision: VisionTraits(
                pooling: pooling, hasClassToken: false, normalizesEmbeddings: false, hasPatchBias: true,
                projection: nil),
            text: TextTraits(
                attention: .full, pooling: .lastPosition, isPadded: true,
                projection: ProjectionTraits(name: "text_model.head", hasBias: true)),
            tokenizer: .siglip, preprocessor: .siglip)
    }
}

extension HuggingFaceFamily {
    static let siglip = HuggingFaceFamily(
        modelType: "siglip", remark: "which SigLIP2 of a fixed resolution has too"
    ) { top throws(ModelError) in
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        let text = try top.nested("text_config", legacy: "text_config_dict")
        guard vision.values["num_patches"] == nil else {
            throw .unsupported(
                file: top.file,
                what: "\"vision_config.num_patches\": SigLIP2 NaFlex (images of any shape) is not supported")
        }
        let standard = TransformerConfiguration(
            hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .geluTanh, epsilon: 1e-6)
        let usesHead = try vision.flag("vision_use_head", default: true)
        let model = ModelConfiguration(
            family: .siglip(pooling: usesHead ? .attention : .mean),
            vision: try vision.visionTower(default: standard, patchSize: 16),
            text: TextConfiguration(
                transformer: try text.transformer(default: standard),
                vocabulary: try text.size("vocab_size", default: 32000),
                positions: try text.size("max_position_embeddings", default: 64)),
            dimension: try vision.size("hidden_size", default: standard.hidden))
        let projection = try text.size("projection_size", default: model.text.transformer.hidden)
        guard projection == model.dimension else {
            throw text.fails(
                "projection_size",
                "texts would have \(projection) columns, but images have \(model.dimension) (vision_config.hidden_size)"
            )
        }
        return model
    }
}
