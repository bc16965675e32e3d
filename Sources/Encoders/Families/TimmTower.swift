import JSON
import Tensors

/// One of timm's vision transformers in an open_clip folder; widths and depths are read off the weights.
struct TimmTower {
    let configuration: VisionConfiguration
    let traits: VisionTraits
    let familyName: String

    private static let trunk = "visual.trunk."

    /// - Parameters:
    ///   - reader: `vision_cfg`.
    ///   - name: `timm_model_name`.
    ///   - shape: the shape of a tensor of the weights, by its name there.
    init(_ reader: ConfigurationReader, name: String, shape: (String) -> [Int]?) throws(ModelError) {
        let kind = try Kind(name, reader)
        let trunk = Self.trunk
        func isThere(_ tensor: String) -> Bool { shape(trunk + tensor) != nil }
        guard let convolution = shape(trunk + "patch_embed.proj.weight"), convolution.count == 4,
            let intermediate = shape(trunk + "blocks.0.mlp.fc1.bias") ?? shape(trunk + "blocks.0.mlp.fc1_x.bias"),
            let inner = intermediate.first
        else {
            throw reader.fails(
                "timm_model_name", "\"\(name)\": the weights have no such tower (\(trunk)patch_embed, blocks)")
        }
        let (hidden, patch) = (convolution[0], convolution[3])
        guard hidden >= 1, patch >= 1, inner >= 1, convolution[2] == patch, hidden % kind.headWidth == 0 else {
            throw reader.fails(
                "timm_model_name",
                "\"\(name)\" has heads of \(kind.headWidth) columns and square patches, but the weights' patch_embed has "
                    + "the shape \(convolution)")
        }
        for gamma in ["ls1.gamma", "gamma_1"] where isThere("blocks.0.\(gamma)") {
            throw .unsupported(
                file: reader.file, what: "\"\(reader.path).timm_model_name\": layer scale (\(gamma)) is not supported")
        }
        var layers = 0
        while isThere("blocks.\(layers).norm1.weight") { layers += 1 }
        var transformer = TransformerConfiguration(
            hidden: hidden, intermediate: inner, layers: layers, heads: hidden / kind.headWidth,
            activation: kind.activation, epsilon: kind.epsilon)
        transformer.hasKeyBias = kind.hasKeyBias
        transformer.isGated = isThere("blocks.0.mlp.fc1_g.weight")
        transformer.hasInnerNorms = isThere("blocks.0.attn.norm.weight")
        transformer.rotary = kind.rotary
        guard transformer.hasInnerNorms == isThere("blocks.0.mlp.norm.weight"), transformer.isGated == kind.isGated
        else {
            throw reader.fails("timm_model_name", "\"\(name)\" has other blocks than the weights (norms, gates)")
        }
        var vision = VisionConfiguration(
            transformer: transformer, imageSize: try reader.size("image_size", default: 224), patchSize: patch)
        if let heads = kind.poolingHeads {
            guard let head = shape(trunk + "attn_pool.mlp.fc1.bias")?.first, head >= 1, hidden % heads == 0 else {
                throw reader.fails("timm_model_name", "\"\(name)\": the weights have no attention pooling (attn_pool)")
            }
            vision.head = VisionConfiguration.PoolingHead(heads: heads, intermediate: head)
        }
        guard vision.grid >= 1 else {
            throw reader.fails("image_size", "\(vision.imageSize) is smaller than the weights' patches of \(patch)")
        }
        configuration = vision
        familyName = kind.familyName
        traits = VisionTraits(
            pooling: try Self.pooling(reader, kind), hasClassToken: isThere("cls_token"),
            normalizesEmbeddings: isThere("norm_pre.weight"), hasPatchBias: isThere("patch_embed.proj.bias"),
            projection: try Self.projection(reader))
    }

    private static func pooling(
        _ reader: ConfigurationReader, _ kind: Kind
    ) throws(ModelError) -> VisionTraits.Pooling {
        let pool = try reader.string("timm_pool") ?? (reader.values["timm_pool"] == nil ? "avg" : "")
        switch (pool, kind.poolingHeads == nil) {
        case ("token", true), ("", true): return .classToken
        case ("avg", true) where kind.familyName != "eva_clip": return .meanThenNorm
        case ("map", false): return .attention
        default:
            throw reader.fails(
                "timm_pool",
                "\"\(pool)\" is not supported with this tower; "
                    + (kind.poolingHeads == nil ? "\"token\" and, of plain towers, \"avg\" are" : "\"map\" is"))
        }
    }

    /// The tower's own head, a layer that open_clip sets behind the tower, or none.
    private static func projection(_ reader: ConfigurationReader) throws(ModelError) -> ProjectionTraits? {
        switch reader.values["timm_proj"] {
        case .null, .string(""): return ProjectionTraits(name: "vision_model.classifier", hasBias: true)
        case nil, .string("linear"):
            return ProjectionTraits(
                name: "vision_model.proj", hasBias: try reader.flag("timm_proj_bias", default: false))
        case .string("none"): return nil
        case let other?: throw reader.fails("timm_proj", "the value \(other) is not supported; null and \"linear\" are")
        }
    }

    /// What a name says that weights do not.
    private struct Kind {
        var familyName = "open_clip"
        var headWidth: Int
        var activation = Activation.gelu
        var epsilon: Float
        var hasKeyBias = true
        var isGated = false
        var rotary: RotaryPositions?
        var poolingHeads: Int?

        /// Columns of a head where they are not 64: by the size that the name has.
        private static let headWidths = ["huge": 80, "giant": 88, "gigantic": 104, "so400m": 72]

        init(_ name: String, _ reader: ConfigurationReader) throws(ModelError) {
            let words = name.split(separator: "_").map(String.init)
            let size = words.count > 1 ? words[1] : ""
            headWidth = Self.headWidths[size] ?? 64
            if name.hasPrefix("vit_pe_core_") {
                familyName = "pe_core"
                let coreSize = words.count > 3 ? words[3] : ""
                headWidth = coreSize == "gigantic" ? 96 : 64
                epsilon = 1e-5
                poolingHeads = 8
                guard let edge = Self.coreEdges[coreSize] else { throw Self.unsupported(name, reader) }
                rotary = RotaryPositions(
                    order: .columnFirst, offset: coreSize == "gigantic" ? 0 : 1, referenceEdge: edge)
            } else if words.first == "eva02" || words.first == "eva", words.contains("clip"), size != "enormous" {
                familyName = "eva_clip"
                epsilon = 1e-6
                hasKeyBias = false
                if words.first == "eva02" {
                    isGated = true
                    rotary = RotaryPositions(order: .rowFirst, offset: 0, referenceEdge: 16)
                }
            } else if words.first == "vit", words.count >= 3, words[2].hasPrefix("patch"), Self.isPlain(words) {
                epsilon = words.contains("clip") ? 1e-5 : 1e-6
                if words.contains("quickgelu") { activation = .quickGELU }
            } else {
                throw Self.unsupported(name, reader)
            }
        }

        /// Patches along an edge in the pretraining of Perception Encoder's sizes.
        private static let coreEdges = ["tiny": 24, "small": 24, "base": 14, "large": 24, "gigantic": 32]

        /// `vit_<size>_patch<n>[_plus][_clip[_quickgelu]]_<resolution>`
        private static func isPlain(_ words: [String]) -> Bool {
            words.dropFirst(3).allSatisfy { ["clip", "quickgelu", "plus"].contains($0) || Int($0) != nil }
        }

        private static func unsupported(_ name: String, _ reader: ConfigurationReader) -> ModelError {
            let kinds = [
                "resnet": "a ResNet", "convnext": "a ConvNeXt", "fastvit": "a FastViT", "vitamin": "a ViTamin",
                "swin": "a Swin transformer", "mobileclip": "a FastViT", "naflexvit": "a NaFlex transformer",
            ]
            let kind = kinds.first { name.lowercased().hasPrefix($0.key) || name.lowercased().contains("_\($0.key)") }
            return reader.unsupported(
                "timm_model_name",
                "\"\(name)\"\(kind.map { " is \($0.value) tower, which" } ?? "") is not supported; of timm's towers plain "
                    + "vision transformers (vit_…, vit_…_clip_…, vit_…_siglip_…), vit_pe_core_… and eva02_…_clip_… are")
        }
    }
}
