import Images
import JSON
import Tensors

extension ModelFamily {
    /// SigLIP (Zhai et al. 2023) and SigLIP2 of a fixed resolution: no class token, texts padded and read at their
    /// last position, a probability for each pair.
    /// - Parameter pooling: attention, or the mean where the attention-pooling head is left out.
    static func siglip(
        name: String = "siglip", pooling: VisionTraits.Pooling = .attention,
        patchLayout: VisionTraits.PatchLayout = .convolution, preprocessor: ImagePreprocessor.Family = .siglip
    ) -> ModelFamily {
        ModelFamily(
            name: name, probability: .sigmoid, scoreBias: .required,
            vision: VisionTraits(
                pooling: pooling, hasClassToken: false, normalizesEmbeddings: false, hasPatchBias: true,
                patchLayout: patchLayout, projection: nil),
            text: TextTraits(
                attention: .full, pooling: .lastPosition, isPadded: true,
                projection: ProjectionTraits(name: "text_model.head", hasBias: true)),
            tokenizer: .siglip, preprocessor: preprocessor)
    }
}

extension HuggingFaceFamily {
    static let siglip = HuggingFaceFamily(
        modelType: "siglip", remark: "which SigLIP2 of a fixed resolution has too"
    ) { top throws(ModelError) in
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        guard vision.values["num_patches"] == nil else {
            throw .unsupported(
                file: top.file,
                what:
                    "\"vision_config.num_patches\": this is a SigLIP2 model for pictures of any shape (NaFlex), whose "
                    + "\"model_type\" is \"siglip2\"")
        }
        return try siglipModel(
            top, .siglip(pooling: siglipPooling(vision)),
            vision: vision.visionTower(default: siglipStandard, patchSize: 16))
    }

    /// The sizes of both towers where the file does not say.
    static let siglipStandard = TransformerConfiguration(
        hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .geluTanh, epsilon: 1e-6)

    static func siglipPooling(_ vision: ConfigurationReader) throws(ModelError) -> VisionTraits.Pooling {
        try vision.flag("vision_use_head", default: true) ? .attention : .mean
    }

    /// A model of SigLIP's text tower beside some vision tower, whose width is the embedding's.
    static func siglipModel(
        _ top: ConfigurationReader, _ family: ModelFamily, vision: VisionConfiguration
    ) throws(ModelError) -> ModelConfiguration {
        let text = try top.nested("text_config", legacy: "text_config_dict")
        let model = ModelConfiguration(
            family: family, vision: vision,
            text: TextConfiguration(
                transformer: try text.transformer(default: siglipStandard),
                vocabulary: try text.size("vocab_size", default: 32000),
                positions: try text.size("max_position_embeddings", default: 64)),
            dimension: vision.transformer.hidden)
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
