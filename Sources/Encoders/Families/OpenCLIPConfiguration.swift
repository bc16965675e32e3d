import Images
import JSON
import Tensors
import Tokenizers

/// An `open_clip_config.json`: the model and the preprocessing beside it.
struct OpenCLIPConfiguration {
    let model: ModelConfiguration
    let preprocessor: ImagePreprocessor
    /// What is done to texts before they are tokenized (`tokenizer_kwargs.clean`).
    let cleaning: TextCleaning

    /// - Parameter shape: the shape of a tensor of the weights, by its name there.
    /// - Throws: ``ModelError``: also for towers of other kinds, and for options that build other networks.
    init(file: String, shape: (String) -> [Int]?) throws(ModelError) {
        let values = try JSONValue(configuration: file)
        guard let configuration = values["model_cfg"], configuration.object != nil else {
            throw .configuration(file: file, key: "model_cfg", reason: "it is missing or no object")
        }
        let top = ConfigurationReader(file: file, path: "model_cfg", values: configuration)
        if let tower = configuration["vision_cfg"]?["timm_model_name"]?.string, OpenCLIPSigLIP.isSigLIP(tower) {
            model = try OpenCLIPSigLIP.model(top, tower: tower, shape: shape)
            cleaning = .canonicalize
        } else {
            let vision = try OpenCLIPVision(top, shape: shape)
            let text = try OpenCLIPText(top, shape: shape)
            var family = ModelFamily.clip(
                name: text.isPlain ? vision.familyName : "open_clip", pooling: text.traits.pooling,
                tokenizer: text.tokenizer)
            family.vision = vision.traits
            family.text = text.traits
            family.padding = text.padding
            // A model that was trained with a bias is one of pairs, as SigLIP is.
            if top.values["init_logit_bias"]?.double != nil { family.probability = .sigmoid }
            model = ModelConfiguration(
                family: family, vision: vision.configuration, text: text.configuration,
                dimension: try top.size("embed_dim", default: 512))
            cleaning = text.cleaning
        }
        preprocessor = try Self.preprocessor(
            values["preprocess_cfg"] ?? .object([:]), size: model.vision.imageSize, file: file)
    }

    private static func preprocessor(_ values: JSONValue, size: Int, file: String) throws(ModelError)
        -> ImagePreprocessor
    {
        let mean = values["mean"]?.array?.compactMap(\.double) ?? [0.48145466, 0.4578275, 0.40821073]
        let deviation = values["std"]?.array?.compactMap(\.double) ?? [0.26862954, 0.26130258, 0.27577711]
        do {
            return try ImagePreprocessor(
                openCLIPSize: .init(height: size, width: size), mean: mean, std: deviation,
                interpolation: values["interpolation"]?.string ?? "bicubic",
                resizeMode: values["resize_mode"]?.string ?? "shortest", file: file)
        } catch {
            throw .preprocessor(reason: "\(error)")
        }
    }
}

extension ConfigurationReader {
    /// The `vision_cfg` or `text_cfg` of a `model_cfg`.
    func tower(_ key: String) throws(ModelError) -> ConfigurationReader {
        guard let values = values[key], values.object != nil else { throw fails(key, "it is missing or no object") }
        return ConfigurationReader(file: file, path: "\(path).\(key)", values: values)
    }

    /// Refuses options that build another network.
    /// - Parameter harmless: keys, each with the values that change nothing.
    func require(_ harmless: [String: [JSONValue]]) throws(ModelError) {
        for (name, value) in values.object ?? [:] {
            guard let known = harmless[name], value != .null, !known.contains(value) else { continue }
            throw fails(name, "the value \(value) is not supported")
        }
    }

    /// open_clip's own transformers have erf GELU unless told otherwise; the original OpenAI weights say so.
    func openCLIPActivation() throws(ModelError) -> Activation {
        try flag("quick_gelu", default: false) ? .quickGELU : .gelu
    }

    /// Options of open_clip's blocks that are not CLIP's.
    static let plainBlocks: [String: [JSONValue]] = [
        "ls_init_value": [], "norm_kwargs": [.object([:])], "act_kwargs": [.object([:])], "qk_norm": [.bool(false)],
        "scaled_cosine_attn": [.bool(false)], "scale_heads": [.bool(false)], "scale_attn_inner": [.bool(false)],
        "scale_attn": [.bool(false)], "scale_fc": [.bool(false)], "block_type": [], "attn_type": [],
    ]
}
