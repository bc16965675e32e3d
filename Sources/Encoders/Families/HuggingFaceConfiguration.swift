import JSON
import Tensors

extension ModelConfiguration {
    /// Reads a `config.json` in the Hugging Face layout, as the family that its `model_type` names does.
    /// - Throws: ``ModelError/configuration(file:key:reason:)``, ``ModelError/unsupported(file:what:)`` or
    ///   ``ModelError/unreadable(file:reason:)``.
    static func huggingFace(
        _ file: String
    ) throws(ModelError) -> (family: HuggingFaceFamily, configuration: ModelConfiguration) {
        let values = try JSONValue(configuration: file)
        guard values.object != nil else { throw .unreadable(file: file, reason: "it holds no JSON object") }
        let top = ConfigurationReader(file: file, path: "", values: values)
        let family = try HuggingFaceFamily.of(top)
        return (family, try family.configuration(top))
    }
}

extension ConfigurationReader {
    /// The sizes of a `vision_config` or `text_config`.
    func transformer(default standard: TransformerConfiguration) throws(ModelError) -> TransformerConfiguration {
        let result = TransformerConfiguration(
            hidden: try size("hidden_size", default: standard.hidden),
            intermediate: try size("intermediate_size", default: standard.intermediate),
            layers: try size("num_hidden_layers", default: standard.layers),
            heads: try size("num_attention_heads", default: standard.heads),
            activation: try activation("hidden_act", default: standard.activation),
            epsilon: try real("layer_norm_eps", default: standard.epsilon))
        guard result.hidden % result.heads == 0 else {
            throw fails("num_attention_heads", "\(result.heads) heads do not divide hidden_size \(result.hidden)")
        }
        return result
    }

    /// The sizes of a `vision_config`.
    func visionTower(
        default standard: TransformerConfiguration, patchSize: Int
    ) throws(ModelError) -> VisionConfiguration {
        let result = VisionConfiguration(
            transformer: try transformer(default: standard), imageSize: try size("image_size", default: 224),
            patchSize: try size("patch_size", default: patchSize))
        let channels = try size("num_channels", default: 3)
        guard channels == 3 else { throw fails("num_channels", "\(channels) is not supported; 3 is") }
        guard result.grid >= 1 else {
            throw fails("patch_size", "\(result.patchSize) is larger than image_size \(result.imageSize)")
        }
        return result
    }
}
