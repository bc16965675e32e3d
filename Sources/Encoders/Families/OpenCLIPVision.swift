import JSON
import Tensors

/// The vision tower of an open_clip folder: open_clip's own, or one of timm's.
struct OpenCLIPVision {
    let configuration: VisionConfiguration
    let traits: VisionTraits
    /// What a model with this tower beside CLIP's text tower is called.
    let familyName: String

    /// - Parameters:
    ///   - top: `model_cfg`.
    ///   - shape: the shape of a tensor of the weights, by its name there.
    init(_ top: ConfigurationReader, shape: (String) -> [Int]?) throws(ModelError) {
        let reader = try top.tower("vision_cfg")
        if let name = try reader.string("timm_model_name") {
            let tower = try TimmTower(reader, name: name, shape: shape)
            (configuration, traits, familyName) = (tower.configuration, tower.traits, tower.familyName)
            return
        }
        if let layers = reader.values["layers"], layers.array != nil {
            throw .unsupported(
                file: reader.file,
                what: "\"\(reader.path).layers\": ResNet towers are not supported; vision transformers are")
        }
        try reader.require(
            ConfigurationReader.plainBlocks.merging([
                "attentional_pool": [.bool(false)], "input_patchnorm": [.bool(false)],
                "global_average_pool": [.bool(false)], "pos_embed_type": [.string("learnable")],
                "pool_type": [.string("tok"), .string("avg")],
            ]) { $1 })
        let width = try reader.size("width", default: 768)
        let headWidth = try reader.size("head_width", default: 64)
        guard width % headWidth == 0 else {
            throw reader.fails("head_width", "\(headWidth) does not divide width \(width)")
        }
        configuration = VisionConfiguration(
            transformer: TransformerConfiguration(
                hidden: width, intermediate: try reader.size("mlp_ratio", times: width, default: 4),
                layers: try reader.size("layers", default: 12), heads: width / headWidth,
                activation: try top.openCLIPActivation(), epsilon: 1e-5),
            imageSize: try reader.size("image_size", default: 224),
            patchSize: try reader.size("patch_size", default: 16))
        guard configuration.grid >= 1 else {
            throw reader.fails(
                "patch_size", "\(configuration.patchSize) is larger than image_size \(configuration.imageSize)")
        }
        let averages = try reader.string("pool_type") == "avg"
        let normalizesLast = try reader.flag("final_ln_after_pool", default: false)
        let normalizesFirst = try !reader.flag("no_ln_pre", default: false)
        // The norm of one token is the same before and after it is picked.
        traits = VisionTraits(
            pooling: averages ? (normalizesLast ? .meanThenNorm : .mean) : .classToken, hasClassToken: true,
            normalizesEmbeddings: normalizesFirst, hasPatchBias: false,
            projection: ProjectionTraits(name: "visual_projection", hasBias: false))
        familyName = averages || !normalizesFirst ? "open_clip" : "clip"
    }
}
