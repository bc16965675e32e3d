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
    /// - Throws: ``ModelError``, naming the file, and the key or tensor at fault.
    public static func load(folder: String, precision: Precision = .auto) throws(ModelError) -> LoadedModel {
        let clock = ContinuousClock()
        let start = clock.now
        let files = try ModelFolder(folder)
        let source = files.tensors
        let configuration = files.configuration
        let tokenizer = try files.tokenizer()
        let (whole, masks) = precision.resolved(.current)

        let vision = try VisionTower(source, configuration, format: whole.format)
        let text = try TextTower(source, configuration, format: whole.format)
        let split = masks != whole
        let maskVision = split ? try VisionTower(source, configuration, format: masks.format) : nil
        let maskText = split ? try TextTower(source, configuration, format: masks.format) : nil
        let patchEmbedding = try PatchEmbedding(
            source, configuration.architecture, configuration.vision, first: vision.first)
        let textEmbedding = try TextEmbedding(source, configuration.text, first: text.first)
        let absent: TokenStates
        do {
            let context = try ComputeContext()
            context.useCallingThreadOnly()
            let size = configuration.vision.imageSize
            absent = try patchEmbedding(context, pixels: [Float](repeating: 0, count: 3 * size * size))
        } catch {
            throw .compute(reason: error.description)
        }
        let scale = try scalar("logit_scale", source)
        let hasBias = configuration.architecture == .siglip || source.contains("logit_bias")
        let bias = hasBias ? try scalar("logit_bias", source) : 0
        let towers = vision.bytes + text.bytes + (maskVision?.bytes ?? 0) + (maskText?.bytes ?? 0)
        return LoadedModel(
            folder: folder, precision: whole, maskPrecision: masks, logitScale: exp(scale), logitBias: bias,
            residentBytes: towers + patchEmbedding.bytes + textEmbedding.bytes, tokenizer: tokenizer,
            preprocessor: files.preprocessor,
            loadMilliseconds: (clock.now - start) / .milliseconds(1), configuration: configuration,
            patchEmbedding: patchEmbedding, textEmbedding: textEmbedding, vision: vision, text: text,
            maskVision: maskVision, maskText: maskText, absent: absent)
    }

    /// A single number, stored as a scalar or as one element.
    private static func scalar(_ name: String, _ source: any TensorSource) throws(ModelError) -> Float {
        let values = try source.tensor(name, shape: source.shape(name) == [1] ? [1] : []).floats()
        guard let value = values.first, value.isFinite else {
            throw .weights(reason: "tensor \"\(name)\" is not a finite number")
        }
        return value
    }
}

extension LoadedModel {
    /// What would keep a folder from being loaded, found without reading weights: its configuration, the weight files'
    /// headers, the preprocessor, and whether there are tokenizer files. Nil if nothing was found.
    public static func problem(folder: String) -> ModelError? {
        do {
            let files = try ModelFolder(folder)
            let names = ["tokenizer.json", "vocab.json", "spiece.model"]
            guard names.contains(where: { FileManager.default.fileExists(atPath: "\(folder)/\($0)") }) else {
                return .tokenizer(reason: "\(folder) has no tokenizer: one of \(names.joined(separator: ", ")) is needed\(ModelFolder.download(folder))")
            }
            _ = try files.tensors.tensor(
                "text_model.embeddings.token_embedding.weight",
                shape: [files.configuration.text.vocabulary, files.configuration.text.transformer.hidden])
            return nil
        } catch {
            return error
        }
    }
}
