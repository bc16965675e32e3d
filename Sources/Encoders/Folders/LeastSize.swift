import Tensors

extension ModelFolder {
    /// The memory that the model takes, by its configuration alone.
    func memoryNeed(_ precision: Precision) -> MemoryNeed {
        let features = CPUFeatures.current
        let whole = precision.resolved(features, width: configuration.vision.transformer.hidden).whole
        // `auto` may still decide against masks of 8 bits.
        return MemoryNeed(
            configuration, bytesPerWeight: (whole == .bf16 && features.bf16 ? 2 : 4) + (precision == .int8 ? 1 : 0))
    }
}

extension LoadedModel {
    /// Bytes that the matrices of a model will take at least, from its configuration alone. ``residentBytes`` is
    /// little more, except for very small models.
    ///
    /// - Throws: ``ModelError``, as loading would.
    package static func leastBytes(folder: String, precision: Precision) throws(ModelError) -> Int {
        Int(clamping: try ModelFolder(folder).memoryNeed(precision).matrices)
    }
}

extension Int {
    /// The nearest integer below, or the largest there is.
    fileprivate init(clamping value: Double) { self = Int(exactly: value.rounded(.down)) ?? .max }
}
