import Foundation
import Images
import Tensors
import Tokenizers

/// The files of a model folder, found, opened and checked against each other, as far as that goes without reading weights.
struct ModelFolder {
    let configuration: ModelConfiguration
    let preprocessor: ImagePreprocessor
    let tensors: any TensorSource
    private let files: WeightFiles
    private let folder: String

    private static let conversion =
        "pytorch_model.bin is a pickle, which can run code when it is read; convert it where you trust it: python -c "
        + "'import sys; from transformers import AutoModel; m = sys.argv[1]; "
        + "AutoModel.from_pretrained(m).save_pretrained(m, safe_serialization=True)' "

    /// - Throws: ``ModelError``.
    init(_ path: String) throws(ModelError) {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.folder = folder
        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

        let weights = ["model.safetensors", "model.safetensors.index.json"].first(where: exists)
        if exists("open_clip_config.json"), !exists("config.json") || weights == nil {
            let name = exists("open_clip_model.safetensors") ? "open_clip_model.safetensors" : "model.safetensors"
            guard exists(name) else {
                throw .missingFile(
                    folder: folder, file: "open_clip_model.safetensors",
                    advice: "weights in safetensors are needed beside open_clip_config.json")
            }
            let openCLIP = try OpenCLIPConfiguration(file: "\(folder)/open_clip_config.json")
            configuration = openCLIP.model
            preprocessor = openCLIP.preprocessor
            files = try Self.open("\(folder)/\(name)")
            tensors = OpenCLIPTensors(files: files)
            return
        }
        guard exists("config.json") else {
            throw .missingFile(
                folder: folder, file: "config.json",
                advice: "a model folder in the Hugging Face layout is needed, or one with open_clip_config.json")
        }
        configuration = try ModelConfiguration(huggingFace: "\(folder)/config.json")
        guard let weights else {
            let pickled = exists("pytorch_model.bin") || exists("pytorch_model.bin.index.json")
            throw .missingFile(
                folder: folder, file: "model.safetensors",
                advice: pickled
                    ? Self.conversion + folder : "and no model.safetensors.index.json with shards either")
        }
        do {
            preprocessor = try ImagePreprocessor(
                folder: folder, family: configuration.architecture == .clip ? .clip : .siglip)
            try preprocessor.validate(height: configuration.vision.imageSize, width: configuration.vision.imageSize)
        } catch .sizeMismatch(let made, let wanted) {
            throw .preprocessor(reason: "\(folder): \(PreprocessorError.sizeMismatch(made: made, wanted: wanted))")
        } catch {
            throw .preprocessor(reason: error.description)
        }
        files = try Self.open("\(folder)/\(weights)")
        tensors = HuggingFaceTensors(files: files)
    }

    private static func open(_ path: String) throws(ModelError) -> WeightFiles {
        do {
            return path.hasSuffix(".index.json") ? try WeightFiles(index: path) : try WeightFiles(file: path)
        } catch {
            throw .weights(reason: error.description)
        }
    }

    /// The folder's tokenizer, checked to fit the token table.
    /// - Throws: ``ModelError/tokenizer(reason:)``.
    func tokenizer() throws(ModelError) -> any TextTokenizer {
        let tokenizer: any TextTokenizer
        do {
            tokenizer = try TokenizerLoader.load(
                folder: folder, family: configuration.architecture == .clip ? .clip : .siglip,
                positions: configuration.text.positions)
        } catch {
            throw .tokenizer(reason: error.description)
        }
        guard tokenizer.maxId < configuration.text.vocabulary else {
            throw .tokenizer(
                reason: "\(folder): the tokenizer gives ids up to \(tokenizer.maxId), but the model's token table has "
                    + "\(configuration.text.vocabulary) rows (vocab_size); they belong to different models")
        }
        return tokenizer
    }
}
