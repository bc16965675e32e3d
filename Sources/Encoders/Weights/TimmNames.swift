import Tensors

/// Where timm's `VisionTransformer` and `Eva`, with `AttentionPoolLatent` or a head of classes, keep a vision tower.
struct TimmNames: Sendable {
    private static let prefix = "visual.trunk."

    /// Whether q, k and v are layers of their own (EVA02), or one (`attn.qkv`).
    private let hasOwnQueries: Bool
    /// Whether q and v of a common layer have biases of their own (EVA), or one in common.
    private let hasOwnBiases: Bool
    /// Whether the mean of the patches is normalised (`fc_norm`), and not each of them.
    private let normalizesMean: Bool
    private let isGated: Bool

    init(_ files: WeightFiles) {
        let block = Self.prefix + "blocks.0."
        hasOwnQueries = files.contains(block + "attn.q_proj.weight")
        hasOwnBiases = files.contains(block + "attn.q_bias")
        normalizesMean = files.contains(Self.prefix + "fc_norm.weight")
        isGated = files.contains(block + "mlp.fc1_g.weight")
    }

    private static let blockNames = [
        "layer_norm1": "norm1", "layer_norm2": "norm2", "self_attn.out_proj": "attn.proj",
        "self_attn.norm": "attn.norm",
        "mlp.gate": "mlp.fc1_g", "mlp.fc1": "mlp.fc1", "mlp.norm": "mlp.norm", "mlp.fc2": "mlp.fc2",
    ]
    private static let headNames = [
        "attention.out_proj": "attn_pool.proj", "layernorm": "attn_pool.norm", "mlp.fc1": "attn_pool.mlp.fc1",
        "mlp.fc2": "attn_pool.mlp.fc2",
    ]

    /// - Parameter name: a tensor's name in the Hugging Face layout after `vision_model.`; `classifier` is timm's own
    ///   head, `proj` the layer that open_clip sets behind the tower.
    func place(_ name: String) -> OpenCLIPTensors.Place? {
        let prefix = Self.prefix
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let layer = String(name[..<dot])
        let kind = name[name.index(after: dot)...]
        switch name {
        case "embeddings.class_embedding": return .init(name: prefix + "cls_token", leadingOnes: 2)
        case "embeddings.position_embedding.weight": return .init(name: prefix + "pos_embed", leadingOnes: 1)
        case "head.probe": return .init(name: prefix + "attn_pool.latent")
        case "head.attention.in_proj_weight", "head.attention.in_proj_bias":
            let kind = kind.dropFirst("in_proj_".count)
            return .init(name: "\(prefix)attn_pool.q.\(kind)", rest: "\(prefix)attn_pool.kv.\(kind)")
        default: break
        }
        switch layer {
        case "embeddings.patch_embedding": return .init(name: "\(prefix)patch_embed.proj.\(kind)")
        case "pre_layrnorm": return .init(name: "\(prefix)norm_pre.\(kind)")
        case "post_layernorm": return .init(name: "\(prefix)\(normalizesMean ? "fc_norm" : "norm").\(kind)")
        case "classifier": return .init(name: "\(prefix)head.\(kind)")
        case "proj": return .init(name: "visual.head.proj.\(kind)")
        default: break
        }
        if let part = layer.removing(prefix: "head.") {
            return Self.headNames[part].map { .init(name: "\(prefix)\($0).\(kind)") }
        }
        guard let block = layer.removing(prefix: "encoder.layers."), let end = block.firstIndex(of: ".") else {
            return nil
        }
        return place(block: "\(prefix)blocks.\(block[..<end]).", String(block[block.index(after: end)...]), kind)
    }

    private func place(block: String, _ part: String, _ kind: Substring) -> OpenCLIPTensors.Place? {
        if let third = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"].firstIndex(of: part) {
            let letter = ["q", "k", "v"][third]
            if hasOwnQueries { return .init(name: "\(block)attn.\(letter)_proj.\(kind)") }
            if hasOwnBiases, kind == "bias" { return .init(name: "\(block)attn.\(letter)_bias") }
            return .init(name: "\(block)attn.qkv.\(kind)", third: third)
        }
        if isGated, part == "mlp.fc1" { return .init(name: "\(block)mlp.fc1_x.\(kind)") }
        return Self.blockNames[part].map { .init(name: "\(block)\($0).\(kind)") }
    }
}

extension String {
    /// What follows a prefix; nil where the string does not begin with it.
    func removing(prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
