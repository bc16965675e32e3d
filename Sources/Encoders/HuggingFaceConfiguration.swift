import JSON
import Tensors

extension ModelConfiguration {
    /// Model types that are refused with a reason of their own.
    private static let refused: [String: String] = [
        "siglip2":
            "this is a SigLIP2 NaFlex model, for images of any shape; take one of a fixed resolution, such as google/siglip2-base-patch16-224",
        "bert": "a text encoder alone has no image tower",
        "llava": "a language model that reads images has no embedding to compare",
        "clip_text_model": "a text tower alone has no image tower",
        "clip_vision_model": "an image tower alone has no text tower",
        "siglip_text_model": "a text tower alone has no image tower",
        "siglip_vision_model": "an image tower alone has no text tower",
    ]

    /// Reads a `config.json` in the Hugging Face layout; what it leaves out has the reference library's default.
    /// - Throws: ``ModelError/configuration(file:key:reason:)``, ``ModelError/unsupported(file:what:)`` or
    ///   ``ModelError/unreadable(file:reason:)``.
    init(huggingFace file: String) throws(ModelError) {
        let values: JSONValue
        do {
            values = try JSONValue(contentsOf: file)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
        guard values.object != nil else { throw .unreadable(file: file, reason: "it holds no JSON object") }
        let top = ConfigurationReader(file: file, path: "", values: values)
        let supported = "supported are \"clip\" and \"siglip\", which SigLIP2 of a fixed resolution has too"
        guard let type = try top.string("model_type") else {
            throw .configuration(file: file, key: "model_type", reason: "it is missing; \(supported)")
        }
        switch type {
        case "clip": try self.init(clip: top)
        case "siglip": try self.init(siglip: top)
        default:
            let reason = Self.refused[type].map { ": \($0)" } ?? ""
            throw top.unsupported("model_type", "\"\(type)\" is not supported\(reason); \(supported)")
        }
    }

    private init(clip top: ConfigurationReader) throws(ModelError) {
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        let text = try top.nested("text_config", legacy: "text_config_dict")
        architecture = .clip
        dimension = try top.size("projection_dim", default: 512)
        self.vision = try Self.vision(
            vision,
            transformer: TransformerConfiguration(
                hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .quickGELU, epsilon: 1e-5),
            patchSize: 32)
        self.text = TextConfiguration(
            transformer: try Self.transformer(
                text,
                default: TransformerConfiguration(
                    hidden: 512, intermediate: 2048, layers: 12, heads: 8, activation: .quickGELU, epsilon: 1e-5)),
            vocabulary: try text.size("vocab_size", default: 49408),
            positions: try text.size("max_position_embeddings", default: 77),
            endOfText: try text.integer("eos_token_id", default: 49407), projection: dimension)
    }

    private init(siglip top: ConfigurationReader) throws(ModelError) {
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        let text = try top.nested("text_config", legacy: "text_config_dict")
        let standard = TransformerConfiguration(
            hidden: 768, intermediate: 3072, layers: 12, heads: 12, activation: .geluTanh, epsilon: 1e-6)
        if vision.values["num_patches"] != nil {
            throw .unsupported(
                file: top.file,
                what: "\"vision_config.num_patches\": SigLIP2 NaFlex (images of any shape) is not supported")
        }
        architecture = .siglip
        self.vision = try Self.vision(vision, transformer: standard, patchSize: 16)
        dimension = self.vision.transformer.hidden
        let transformer = try Self.transformer(text, default: standard)
        self.text = TextConfiguration(
            transformer: transformer, vocabulary: try text.size("vocab_size", default: 32000),
            positions: try text.size("max_position_embeddings", default: 64),
            endOfText: try text.integer("eos_token_id", default: 1),
            projection: try text.size("projection_size", default: transformer.hidden))
        guard self.text.projection == dimension else {
            throw text.fails(
                "projection_size",
                "texts would have \(self.text.projection) columns, but images have \(dimension) (vision_config.hidden_size)"
            )
        }
    }

    private static func transformer(
        _ reader: ConfigurationReader, default standard: TransformerConfiguration
    ) throws(ModelError) -> TransformerConfiguration {
        let result = TransformerConfiguration(
            hidden: try reader.size("hidden_size", default: standard.hidden),
            intermediate: try reader.size("intermediate_size", default: standard.intermediate),
            layers: try reader.size("num_hidden_layers", default: standard.layers),
            heads: try reader.size("num_attention_heads", default: standard.heads),
            activation: try reader.activation("hidden_act", default: standard.activation),
            epsilon: try reader.real("layer_norm_eps", default: standard.epsilon))
        guard result.hidden % result.heads == 0 else {
            throw reader.fails(
                "num_attention_heads", "\(result.heads) heads do not divide hidden_size \(result.hidden)")
        }
        return result
    }

    private static func vision(
        _ reader: ConfigurationReader, transformer standard: TransformerConfiguration, patchSize: Int
    ) throws(ModelError) -> VisionConfiguration {
        let result = VisionConfiguration(
            transformer: try transformer(reader, default: standard),
            imageSize: try reader.size("image_size", default: 224),
            patchSize: try reader.size("patch_size", default: patchSize),
            usesHead: try reader.flag("vision_use_head", default: true))
        let channels = try reader.size("num_channels", default: 3)
        guard channels == 3 else { throw reader.fails("num_channels", "\(channels) is not supported; 3 is") }
        guard result.grid >= 1 else {
            throw reader.fails("patch_size", "\(result.patchSize) is larger than image_size \(result.imageSize)")
        }
        return result
    }
}
