import JSON
import Tensors

extension HuggingFaceFamily {
    /// SigLIP2 NaFlex (Tschannen et al. 2025): SigLIP's towers for pictures in their own aspect ratio. The grid of
    /// patches follows the picture, and the position table is resized to it.
    static let siglip2 = HuggingFaceFamily(
        modelType: "siglip2", remark: "pictures of any shape, NaFlex"
    ) { top throws(ModelError) in
        let vision = try top.nested("vision_config", legacy: "vision_config_dict")
        let positions = try vision.size("num_patches", default: 256)
        let edge = Int(Double(positions).squareRoot())
        guard edge * edge == positions else {
            throw vision.fails(
                "num_patches", "\(positions) is not a square number, so the positions form no square grid")
        }
        let patch = try vision.size("patch_size", default: 16)
        let channels = try vision.size("num_channels", default: 3)
        guard channels == 3 else { throw vision.fails("num_channels", "\(channels) is not supported; 3 is") }
        return try siglipModel(
            top,
            .siglip(
                name: "siglip2", pooling: siglipPooling(vision), patchLayout: .channelsLast, preprocessor: .naflex),
            vision: VisionConfiguration(
                transformer: vision.transformer(default: siglipStandard), imageSize: edge * patch, patchSize: patch,
                flexible: VisionConfiguration.FlexibleGrid(tableEdge: edge, mostPatches: positions)))
    }
}
