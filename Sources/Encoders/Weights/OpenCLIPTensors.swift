import Tensors

/// Weights in open_clip's layout under the names of the Hugging Face layout.
///
/// open_clip fuses q, k and v (`attn.in_proj_weight`, in that order) and stores CLIP's projections as `[inputs,
/// outputs]`. A vision tower may be timm's (``TimmNames``), a text tower transformers' BERT or XLM-R.
struct OpenCLIPTensors: TensorSource {
    let files: WeightFiles
    /// `text.` in models whose text tower is an object of its own, else empty.
    private let textPrefix: String
    private let timm: TimmNames?
    private let isBERT: Bool

    init(files: WeightFiles) {
        self.files = files
        textPrefix = files.contains("text.token_embedding.weight") ? "text." : ""
        timm = files.contains("visual.trunk.patch_embed.proj.weight") ? TimmNames(files) : nil
        isBERT = files.contains("text.transformer.embeddings.word_embeddings.weight")
    }

    /// How one tensor is found in the file.
    struct Place {
        var name: String
        /// Which third of a fused projection, if any.
        var third: Int?
        var transposed = false
        /// Dimensions of one that stand first in the file.
        var leadingOnes = 0
        /// The tensor whose rows follow those of `name`.
        var rest: String?
    }

    private static let blockNames = [
        "layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj", "mlp.fc1": "mlp.c_fc",
        "mlp.fc2": "mlp.c_proj",
    ]

    private func place(_ name: String) -> Place? {
        if isBERT, let part = name.removing(prefix: "text_model.") {
            if part.hasPrefix("proj.") { return Place(name: "text.\(part)") }
            return Place(name: BERTNames.tensorName(name, prefix: "text.transformer."))
        }
        switch name {
        case "logit_scale", "logit_bias": return Place(name: name)
        case "visual_projection.weight": return Place(name: "visual.proj", transposed: true)
        case "text_projection.weight": return Place(name: textPrefix + "text_projection", transposed: true)
        case "vision_model.embeddings.patch_embedding.weight" where timm == nil:
            return Place(name: "visual.conv1.weight")
        case "vision_model.embeddings.class_embedding" where timm == nil: return Place(name: "visual.class_embedding")
        case "vision_model.embeddings.position_embedding.weight" where timm == nil:
            return Place(name: "visual.positional_embedding")
        case "text_model.embeddings.token_embedding.weight": return Place(name: textPrefix + "token_embedding.weight")
        case "text_model.embeddings.position_embedding.weight": return Place(name: textPrefix + "positional_embedding")
        default: break
        }
        if let timm, let name = name.removing(prefix: "vision_model.") { return timm.place(name) }
        let parts = name.split(separator: ".", maxSplits: 4).map(String.init)
        guard let kind = name.split(separator: ".").last.map(String.init) else { return nil }
        switch (parts[0], parts.dropFirst().first) {
        case ("vision_model", "pre_layrnorm"): return Place(name: "visual.ln_pre.\(kind)")
        case ("vision_model", "post_layernorm"): return Place(name: "visual.ln_post.\(kind)")
        case ("text_model", "head"): return Place(name: "\(textPrefix)text_projection.\(kind)")
        case ("text_model", "final_layer_norm"): return Place(name: "\(textPrefix)ln_final.\(kind)")
        case (let tower, "encoder"):
            // <tower>.encoder.layers.<n>.<what>.<weight or bias>
            guard parts.count == 5 else { return nil }
            let block = (tower == "vision_model" ? "visual." : textPrefix) + "transformer.resblocks.\(parts[3])."
            let what = String(parts[4].dropLast(kind.count + 1))
            if let third = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"].firstIndex(of: what) {
                return Place(name: "\(block)attn.in_proj_\(kind)", third: third)
            }
            return Self.blockNames[what].map { Place(name: "\(block)\($0).\(kind)") }
        default: return nil
        }
    }

    func contains(_ name: String) -> Bool { place(name).map { files.contains($0.name) } ?? false }

    func shape(_ name: String) -> [Int]? {
        guard let place = place(name), let shape = files.shape(place.name) else { return nil }
        if place.transposed { return shape.reversed() }
        if place.leadingOnes > 0 { return Array(shape.dropFirst(place.leadingOnes)) }
        if let rest = place.rest {
            guard let more = files.shape(rest)?.first, let first = shape.first else { return nil }
            return [first + more] + shape.dropFirst()
        }
        guard place.third != nil, let first = shape.first else { return shape }
        return [first / 3] + shape.dropFirst()
    }

    func tensor(_ name: String, shape: [Int]) throws(ModelError) -> SourceTensor {
        guard let place = place(name) else {
            throw .weights(reason: "\(files.path) has no tensor for \"\(name)\" in open_clip's layout")
        }
        if place.transposed {
            let values = try stored(place.name, shape.reversed()).floats()
            return .values(Self.transpose(values, rows: shape[1], columns: shape[0]))
        }
        if place.leadingOnes > 0 {
            return try stored(place.name, [Int](repeating: 1, count: place.leadingOnes) + shape)
        }
        if let rest = place.rest {
            let first = files.shape(place.name)?.first ?? 0
            return .values(
                try stored(place.name, [first] + shape.dropFirst()).floats()
                    + stored(rest, [shape[0] - first] + shape.dropFirst()).floats())
        }
        guard let third = place.third else { return try stored(place.name, shape) }
        let count = shape.reduce(1, *)
        let fused = try stored(place.name, [3 * shape[0]] + shape.dropFirst())
        return .values(try fused.floats(third * count..<(third + 1) * count))
    }

    private func stored(_ name: String, _ shape: [Int]) throws(ModelError) -> SourceTensor {
        do {
            return .stored(try files.tensor(name, shape: shape))
        } catch {
            throw .weights(reason: error.description)
        }
    }

    private static func transpose(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        var result = [Float](repeating: 0, count: values.count)
        for row in 0..<rows {
            for column in 0..<columns { result[column * rows + row] = values[row * columns + column] }
        }
        return result
    }
}
