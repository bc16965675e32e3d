import Foundation
import Tensors

extension LoadedModel {
    /// Loads a model from a folder in the Hugging Face layout, or in open_clip's.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json` and `model.safetensors` (or `model.safetensors.index.json` and its shards),
    ///     `preprocessor_config.json` (or `processor_config.json`) and tokenizer files; or `open_clip_config.json`,
    ///     `open_clip_model.safetensors` and tokenizer files.
    ///   - precision: ``Precision/auto`` decides by the processor.
    ///   - isCancelled: asked before each tensor and each product, from several threads; then loading ends with
    ///     ``ModelError/cancelled``.
    /// - Throws: ``ModelError``, naming the file, and the key or tensor at fault.
    package static func load(
        folder: String, precision: Precision = .auto, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(ModelError) -> LoadedModel {
        let clock = ContinuousClock()
        let start = clock.now
        let files = try ModelFolder(folder)
        let source = CancellableTensors(source: files.tensors, isCancelled: isCancelled)
        let configuration = files.configuration
        try files.memoryNeed(precision).check(folder: folder)
        let tokenizer = try files.tokenizer(isCancelled: isCancelled)
        let resolution = precision.resolved(.current, width: configuration.vision.transformer.hidden)
        let (whole, masks) = (resolution.whole, resolution.masks)

        let formats = masks == whole ? [whole.format] : [whole.format, masks.format]
        let towers = try concurrently(formats) { format throws(ModelError) in
            (
                vision: try VisionTower(source, configuration, format: format),
                text: try TextTower(source, configuration, format: format)
            )
        }
        let (vision, text) = towers[0]
        let forMasks = towers.count > 1 ? towers[1] : nil
        let patchEmbedding = try PatchEmbedding(
            source, configuration.family.vision, configuration.vision, first: vision.first)
        let textEmbedding = try TextEmbedding(source, configuration.family.text, configuration.text, first: text.first)
        let absent = AbsentStates(patchEmbedding, patchSize: configuration.vision.patchSize)
        do {
            let context = try ComputeContext()
            context.useCallingThreadOnly()
            _ = try absent.states(context, patchEmbedding.squareGrid)
        } catch {
            throw .compute(reason: error.description)
        }
        let scale = try scalar("logit_scale", source)
        guard exp(scale).isFinite else {
            throw .weights(
                reason:
                    "\(folder): tensor \"logit_scale\" is \(scale), but its exponential, the factor of every score, is "
                    + "beyond 32-bit floats (88.7 at most)")
        }
        let hasBias = configuration.family.scoreBias == .required || source.contains("logit_bias")
        let bias = hasBias ? try scalar("logit_bias", source) : 0
        var model = LoadedModel(
            folder: folder, precision: whole, maskPrecision: masks, precisionReason: resolution.reason,
            logitScale: exp(scale),
            logitBias: bias, tokenizer: tokenizer, preprocessor: files.preprocessor, loadMilliseconds: 0,
            configuration: configuration, patchEmbedding: patchEmbedding, textEmbedding: textEmbedding, vision: vision,
            text: text, maskVision: forMasks?.vision, maskText: forMasks?.text, absent: absent)
        if precision == .auto, masks == .int8 {
            try model.keepIntegersIfExact(isCancelled: isCancelled)
        }
        model.loadMilliseconds = (clock.now - start) / .milliseconds(1)
        return model
    }

    /// Goes back to the model's own precision for masks if 8-bit products cost too much of it.
    private mutating func keepIntegersIfExact(isCancelled: @escaping @Sendable () -> Bool) throws(ModelError) {
        let rounding: Double
        do {
            rounding = try maskRounding(isCancelled: isCancelled)
        } catch .cancelled {
            throw .cancelled
        } catch {
            throw .compute(reason: error.description)
        }
        func percent(_ share: Double) -> String { String(format: "%.2f", 100 * share) + "%" }
        let limit = percent(Self.roundingLimit)
        if rounding <= Self.roundingLimit {
            precisionReason =
                "8-bit rounding is \(percent(rounding)) of the variance over masks of a test input, within \(limit)"
        } else {
            precisionReason =
                "8-bit rounding would be \(percent(rounding)) of the variance over masks of a test input, above \(limit)"
            maskPrecision = precision
            maskVision = nil
            maskText = nil
        }
    }

    /// A single number, stored as a scalar or as one element.
    private static func scalar(_ name: String, _ source: any TensorSource) throws(ModelError) -> Float {
        let values = try source.tensor(name, shape: source.shape(name) == [1] ? [1] : []).floats()
        guard let value = values.first else { throw .weights(reason: "tensor \"\(name)\" holds no value") }
        return value
    }
}

extension LoadedModel {
    /// What would keep a folder from being loaded, found without reading weights: its configuration, the preprocessor,
    /// the tokenizer, and the tensors that the weight files' headers name. Nil if nothing was found.
    package static func problem(folder: String) -> ModelError? {
        do {
            _ = try summary(folder: folder)
            return nil
        } catch {
            return error
        }
    }

    /// What a folder holds, as far as that is found without reading weights.
    /// - Throws: what would keep it from being loaded: ``ModelError``.
    package static func summary(
        folder: String, isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(ModelError) -> FolderSummary {
        let files = try ModelFolder(folder)
        try files.memoryNeed(.auto).check(folder: folder)
        let tokenizer = try files.tokenizer(isCancelled: isCancelled)
        try files.checkTensors()
        return FolderSummary(files, tokenizer: tokenizer, folder: folder)
    }
}
