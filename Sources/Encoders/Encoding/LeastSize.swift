import Tensors

extension LoadedModel {
    /// Bytes that the weights of a model will take at least, from its configuration and the headers of its weight files
    /// alone: the matrices of its blocks, without embeddings, of which the largest stays in the file. ``residentBytes``
    /// is little more where the model is not a very small one.
    ///
    /// - Throws: ``ModelError``, as loading would.
    package static func leastBytes(folder: String, precision: Precision) throws(ModelError) -> Int {
        let model = try ModelFolder(folder)
        let features = CPUFeatures.current
        let whole = precision.resolved(features, width: model.configuration.vision.transformer.hidden).whole
        // `auto` may still decide against masks of 8 bits.
        let bytesPerWeight = (whole == .bf16 && features.bf16 ? 2 : 4) + (precision == .int8 ? 1 : 0)
        let matrices = model.files.names.filter { !$0.contains("embed") }
            .compactMap(model.files.shape).filter { $0.count > 1 }
        return matrices.reduce(0) { $0 + $1.reduce(1, *) } * bytesPerWeight
    }
}
