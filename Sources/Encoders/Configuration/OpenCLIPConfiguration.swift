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

    /// Keys whose other values build a network that is not CLIP's; with the values that change nothing.
    private static let plain: [String: [JSONValue]] = [
        "attentional_pool": [.bool(false)], "no_ln_pre": [.bool(false)], "input_patchnorm": [.bool(false)],
        "final_ln_after_pool": [.bool(false)], "global_average_pool": [.bool(false)], "ls_init_value": [],
        "pool_type": [.string("tok"), .string("argmax")], "pos_embed_type": [.string("learnable")],
        "embed_cls": [.bool(false)],
        "no_causal_mask": [.bool(false)], "proj_bias": [.bool(false)], "proj_type": [.string("linear")],
        "norm_kwargs": [.object([:])], "act_kwargs": [.object([:])], "qk_norm": [.bool(false)],
        "scaled_cosine_attn": [.bool(false)], "scale_heads": [.bool(false)], "scale_attn_inner": [.bool(false)],
        "scale_attn": [.bool(false)], "scale_fc": [.bool(false)], "block_type": [], "attn_type": [],
    ]

    /// - Parameter shape: the shape of a tensor of the weights, by its name there.
    /// - Throws: ``ModelError``: also for networks that are neither CLIP's own nor SigLIP's (other timm or Hugging Face
    ///   towers, other pooling).
    init(file: String, shape: (String) -> [Int]?) throws(ModelError) {
        let values: JSONValue
        do {
            values = try JSONValue(contentsOf: file)
        } catch .unreadable(_, let reason) {
            throw .unreadable(file: file, reason: reason)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
        guard let configuration = values["model_cfg"], configuration.object != nil else {
            throw .configuration(file: file, key: "model_cfg", reason: "it is missing or no object")
        }
        let top = ConfigurationReader(file: file, path: "model_cfg", values: configuration)
        if let tower = configuration["vision_cfg"]?["timm_model_name"]?.string, OpenCLIPSigLIP.isSigLIP(tower) {
            model = try OpenCLIPSigLIP.model(top, tower: tower, shape: shape)
            preprocessor = try Self.preprocessor(
                values["preprocess_cfg"] ?? .object([:]), size: model.vision.imageSize, file: file)
            cleaning = .canonicalize
            return
        }
        cleaning = .lower
        let vision = try Self.tower("vision_cfg", of: top)
        let text = try Self.tower("text_cfg", of: top)
        // open_clip has erf GELU unless told otherwise; the original OpenAI weights say so.
        let activation: Activation = try top.flag("quick_gelu", default: false) ? .quickGELU : .gelu

        let width = try vision.size("width", default: 768)
        let headWidth = try vision.size("head_width", default: 64)
        guard width % headWidth == 0 else {
            throw vision.fails("head_width", "\(headWidth) does not divide width \(width)")
        }
        let dimension = try top.size("embed_dim", default: 512)
        let tower = VisionConfiguration(
            transformer: TransformerConfiguration(
                hidden: width, intermediate: try vision.size("mlp_ratio", times: width, default: 4),
                layers: try vision.size("layers", default: 12), heads: width / headWidth, activation: activation,
                epsilon: 1e-5),
            imageSize: try vision.size("image_size", default: 224),
            patchSize: try vision.size("patch_size", default: 16))
        guard tower.grid >= 1 else {
            throw vision.fails("patch_size", "\(tower.patchSize) is larger than image_size \(tower.imageSize)")
        }
        let textWidth = try text.size("width", default: 512)
        let heads = try text.size("heads", default: 8)
        guard textWidth % heads == 0 else {
            throw text.fails("heads", "\(heads) heads do not divide width \(textWidth)")
        }
        model = ModelConfiguration(
            family: .clip(pooling: .largestId), vision: tower,
            text: TextConfiguration(
                transformer: TransformerConfiguration(
                    hidden: textWidth, intermediate: try text.size("mlp_ratio", times: textWidth, default: 4),
                    layers: try text.size("layers", default: 12), heads: heads, activation: activation, epsilon: 1e-5),
                vocabulary: try text.size("vocab_size", default: 49408),
                positions: try text.size("context_length", default: 77)),
            dimension: dimension)
        preprocessor = try Self.preprocessor(
            values["preprocess_cfg"] ?? .object([:]), size: tower.imageSize, file: file)
    }

    private static func tower(_ key: String, of top: ConfigurationReader) throws(ModelError) -> ConfigurationReader {
        guard let values = top.values[key], let object = values.object else {
            throw top.fails(key, "it is missing or no object")
        }
        let reader = ConfigurationReader(file: top.file, path: "\(top.path).\(key)", values: values)
        for name in ["timm_model_name", "hf_model_name", "hf_tokenizer_name"] {
            guard let value = object[name]?.string, name != "hf_tokenizer_name" else { continue }
            throw reader.unsupported(
                name,
                "\"\(value)\": of other libraries' towers only timm's SigLIP ones (vit_…_siglip_…) are supported in "
                    + "open_clip folders; if the hub has the model with a config.json of model_type \"clip\" or "
                    + "\"siglip\", use that")
        }
        if let layers = object["layers"], layers.array != nil {
            throw .unsupported(
                file: reader.file,
                what: "\"\(reader.path).layers\": ResNet towers are not supported; vision transformers are")
        }
        for (name, value) in object {
            guard let harmless = plain[name], value != .null, !harmless.contains(value) else { continue }
            throw reader.fails(name, "the value \(value) is not supported")
        }
        return reader
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
