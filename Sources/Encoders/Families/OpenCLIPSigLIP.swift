import JSON
import Tensors

/// SigLIP as open_clip configures it: timm's vision transformer with attention pooling, and open_clip's own text
/// transformer without a causal mask.
enum OpenCLIPSigLIP {
    /// Whether a timm model is one of SigLIP's vision towers with the pooling head (`…_gap_…` has none).
    static func isSigLIP(_ name: String) -> Bool {
        name.hasPrefix("vit_") && name.contains("_siglip_") && !name.contains("_gap_") && heads(name) != nil
    }

    /// The heads of timm's `vit_<size>_patch<n>_siglip_<resolution>`; widths and depths are read off the weights.
    private static func heads(_ name: String) -> Int? {
        let sizes = ["base": 12, "large": 16, "so400m": 16, "giantopt": 16]
        return name.split(separator: "_").dropFirst().first.flatMap { sizes[String($0)] }
    }

    /// The models that timm builds with the tanh approximation of GELU; the others have erf's.
    private static func activation(_ name: String) -> Activation {
        let approximated = ["vit_base_patch32_siglip_256", "vit_large_patch16_siglip_512"]
        return approximated.contains(name) || name.hasPrefix("vit_so400m_patch16_") || name.hasPrefix("vit_giantopt_")
            ? .geluTanh : .gelu
    }

    /// - Parameters:
    ///   - top: `model_cfg`.
    ///   - tower: `timm_model_name`.
    ///   - shape: the shape of a tensor of the weights, by its name there.
    /// - Throws: ``ModelError``.
    static func model(
        _ top: ConfigurationReader, tower: String, shape: (String) -> [Int]?
    ) throws(ModelError) -> ModelConfiguration {
        let vision = try object("vision_cfg", in: top)
        let text = try object("text_cfg", in: top)
        try require(vision, "timm_pool", .string("map"))
        try require(vision, "timm_proj", .string("none"))
        try require(text, "no_causal_mask", .bool(true))
        try require(text, "proj_bias", .bool(true))
        try require(text, "pool_type", .string("last"))
        if let cleaning = text.values["tokenizer_kwargs"]?["clean"], cleaning != .string("canonicalize") {
            throw text.fails("tokenizer_kwargs.clean", "the value \(cleaning) is not supported; \"canonicalize\" is")
        }
        let dimension = try top.size("embed_dim", default: 768)
        let visionTower = try self.vision(vision, tower: tower, shape: shape)
        guard visionTower.transformer.hidden == dimension else {
            throw top.fails(
                "embed_dim",
                "\(dimension) columns, but the vision tower has \(visionTower.transformer.hidden) and no projection")
        }
        let width = try text.size("width", default: 512)
        let textHeads = try text.size("heads", default: 8)
        guard width % textHeads == 0 else {
            throw text.fails("heads", "\(textHeads) heads do not divide width \(width)")
        }
        let activation: Activation
        switch text.values["act_kwargs"]?["approximate"] {
        case nil, .null, .string("none"): activation = .gelu
        case .string("tanh"): activation = .geluTanh
        case let other?: throw text.fails("act_kwargs.approximate", "the value \(other) is not supported")
        }
        let norm = ConfigurationReader(
            file: text.file, path: "\(text.path).norm_kwargs", values: text.values["norm_kwargs"] ?? .object([:]))
        return ModelConfiguration(
            family: .siglip(), vision: visionTower,
            text: TextConfiguration(
                transformer: TransformerConfiguration(
                    hidden: width, intermediate: try text.size("mlp_ratio", times: width, default: 4),
                    layers: try text.size("layers", default: 12), heads: textHeads, activation: activation,
                    epsilon: try norm.real("eps", default: 1e-5)),
                vocabulary: try text.size("vocab_size", default: 49408),
                positions: try text.size("context_length", default: 77)),
            dimension: dimension)
    }

    private static func vision(
        _ reader: ConfigurationReader, tower: String, shape: (String) -> [Int]?
    ) throws(ModelError) -> VisionConfiguration {
        let trunk = "visual.trunk."
        guard let convolution = shape(trunk + "patch_embed.proj.weight"), convolution.count == 4,
            let intermediate = shape(trunk + "blocks.0.mlp.fc1.bias")?.first, let heads = heads(tower)
        else {
            throw reader.fails(
                "timm_model_name", "\"\(tower)\": the weights have no such tower (\(trunk)patch_embed, blocks)")
        }
        let hidden = convolution[0]
        let patch = convolution[3]
        guard hidden >= 1, patch >= 1, intermediate >= 1, convolution[2] == patch else {
            throw reader.fails(
                "timm_model_name", "\"\(tower)\": a patch_embed of shape \(convolution) belongs to no such tower")
        }
        guard hidden % heads == 0 else {
            throw reader.fails(
                "timm_model_name", "\"\(tower)\" has \(heads) heads, which do not divide the weights' width \(hidden)")
        }
        var layers = 0
        while shape("\(trunk)blocks.\(layers).norm1.weight") != nil { layers += 1 }
        let result = VisionConfiguration(
            transformer: TransformerConfiguration(
                hidden: hidden, intermediate: intermediate, layers: layers, heads: heads, activation: activation(tower),
                epsilon: 1e-6),
            imageSize: try reader.size("image_size", default: 224), patchSize: patch)
        guard result.grid >= 1 else {
            throw reader.fails("image_size", "\(result.imageSize) is smaller than the weights' patches of \(patch)")
        }
        return result
    }

    private static func object(_ key: String, in top: ConfigurationReader) throws(ModelError) -> ConfigurationReader {
        guard let values = top.values[key], values.object != nil else {
            throw top.fails(key, "it is missing or no object")
        }
        return ConfigurationReader(file: top.file, path: "\(top.path).\(key)", values: values)
    }

    private static func require(_ reader: ConfigurationReader, _ key: String, _ value: JSONValue) throws(ModelError) {
        guard reader.values[key] == value else {
            throw reader.fails(
                key, "with a SigLIP tower \(value) is needed, not \(reader.values[key].map { "\($0)" } ?? "nothing")")
        }
    }
}
