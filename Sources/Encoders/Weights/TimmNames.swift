/// Where timm's `VisionTransformer` with `AttentionPoolLatent` keeps SigLIP's vision tower.
enum TimmNames {
    private static let prefix = "visual.trunk."

    private static let blockNames = [
        "layer_norm1": "norm1", "layer_norm2": "norm2", "self_attn.out_proj": "attn.proj", "mlp.fc1": "mlp.fc1",
        "mlp.fc2": "mlp.fc2",
    ]
    private static let headNames = [
        "attention.out_proj": "attn_pool.proj", "layernorm": "attn_pool.norm", "mlp.fc1": "attn_pool.mlp.fc1",
        "mlp.fc2": "attn_pool.mlp.fc2",
    ]

    /// - Parameter name: a tensor's name in the Hugging Face layout after `vision_model.`.
    static func place(_ name: String) -> OpenCLIPTensors.Place? {
        guard let dot = name.lastIndex(of: ".") else { return nil }
        let layer = String(name[..<dot])
        let kind = name[name.index(after: dot)...]
        switch name {
        case "embeddings.position_embedding.weight": return .init(name: prefix + "pos_embed", batched: true)
        case "head.probe": return .init(name: prefix + "attn_pool.latent")
        case "head.attention.in_proj_weight", "head.attention.in_proj_bias":
            let kind = kind.dropFirst("in_proj_".count)
            return .init(name: "\(prefix)attn_pool.q.\(kind)", rest: "\(prefix)attn_pool.kv.\(kind)")
        default: break
        }
        switch layer {
        case "embeddings.patch_embedding": return .init(name: "\(prefix)patch_embed.proj.\(kind)")
        case "post_layernorm": return .init(name: "\(prefix)norm.\(kind)")
        default: break
        }
        if let part = layer.removing(prefix: "head.") {
            return headNames[part].map { .init(name: "\(prefix)\($0).\(kind)") }
        }
        guard let block = layer.removing(prefix: "encoder.layers."), let end = block.firstIndex(of: ".") else {
            return nil
        }
        let number = block[..<end]
        let part = String(block[block.index(after: end)...])
        if let third = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"].firstIndex(of: part) {
            return .init(name: "\(prefix)blocks.\(number).attn.qkv.\(kind)", third: third)
        }
        return blockNames[part].map { .init(name: "\(prefix)blocks.\(number).\($0).\(kind)") }
    }
}

extension String {
    /// What follows a prefix; nil where the string does not begin with it.
    func removing(prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}
