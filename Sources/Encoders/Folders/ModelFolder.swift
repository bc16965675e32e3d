import Foundation
import Images
import Tensors
import Tokenizers

/// The files of a model folder, found, opened and checked against each other, as far as that goes without reading
/// weights.
struct ModelFolder {
    let configuration: ModelConfiguration
    let preprocessor: ImagePreprocessor
    let tensors: any TensorSource
    let files: WeightFiles
    private let folder: String
    private let cleaning: TextCleaning

    /// Files of weights in the Hugging Face layout, and in open_clip's: the first that is there is read.
    private static let huggingFaceWeights = [
        "model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]
    private static let openCLIPWeights = [
        "open_clip_model.safetensors", "model.safetensors", "open_clip_pytorch_model.bin",
    ]

    /// What to do about a file that a snapshot of the hub cache lacks; empty for other folders.
    static func download(_ folder: String) -> String {
        let parts = folder.split(separator: "/")
        guard parts.count >= 3, parts[parts.count - 2] == "snapshots", parts[parts.count - 3].hasPrefix("models--")
        else { return "" }
        let name = parts[parts.count - 3].dropFirst("models--".count).replacingOccurrences(of: "--", with: "/")
        let repository = "/" + parts.dropLast(2).joined(separator: "/")
        let snapshot = String(parts[parts.count - 1])
        let revision = HubCache.reference(repository + "/refs/main") == snapshot ? "" : " --revision \(snapshot)"
        return "; if its download was cut short, finish it with: hf download \(name)\(revision)"
    }

    /// - Throws: ``ModelError``.
    init(_ path: String) throws(ModelError) {
        let folder = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.folder = folder
        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: "\(folder)/\(name)") }

        let weights = Self.huggingFaceWeights.first(where: exists)
        // Some folders have a configuration of a class of their own around open_clip's model, and its weights.
        let isWrapped = exists("config.json") && !HuggingFaceFamily.isNamed(by: "\(folder)/config.json")
        if exists("open_clip_config.json"), !exists("config.json") || weights == nil || isWrapped {
            let names = isWrapped ? Self.openCLIPWeights.filter { $0.hasPrefix("open_clip") } : []
            guard let name = (names + Self.openCLIPWeights).first(where: exists) else {
                throw .missingFile(
                    folder: folder, file: "open_clip_model.safetensors",
                    advice:
                        "nor is there an open_clip_pytorch_model.bin; weights are needed beside open_clip_config.json"
                        + Self.download(folder))
            }
            files = try Self.open("\(folder)/\(name)")
            let openCLIP = try OpenCLIPConfiguration(file: "\(folder)/open_clip_config.json", shape: files.shape)
            configuration = openCLIP.model
            preprocessor = openCLIP.preprocessor
            cleaning = openCLIP.cleaning
            tensors = OpenCLIPTensors(files: files)
            return
        }
        guard exists("config.json") else {
            throw .missingFile(
                folder: folder, file: "config.json",
                advice: exists("model_index.json")
                    ? "it is a diffusion pipeline (model_index.json), not a CLIP or SigLIP model"
                    : "a model folder in the Hugging Face layout is needed, or one with open_clip_config.json"
                        + Self.download(folder))
        }
        cleaning = .none
        let family: HuggingFaceFamily
        var configuration: ModelConfiguration
        (family, configuration) = try ModelConfiguration.huggingFace("\(folder)/config.json")
        guard let weights else {
            throw .missingFile(
                folder: folder, file: "model.safetensors",
                advice: "nor is there a model.safetensors.index.json with shards, or a pytorch_model.bin"
                    + Self.download(folder))
        }
        do {
            preprocessor = try ImagePreprocessor(
                folder: folder, family: configuration.family.preprocessor)
            if configuration.vision.flexible != nil {
                configuration.vision.setMostPatches(
                    try preprocessor.validate(patchSize: configuration.vision.patchSize))
            } else {
                let size = configuration.vision.imageSize
                try preprocessor.validate(height: size, width: size)
            }
        } catch .sizeMismatch(let made, let wanted) {
            throw .preprocessor(reason: "\(folder): \(PreprocessorError.sizeMismatch(made: made, wanted: wanted))")
        } catch .missing(let folder) {
            throw .preprocessor(reason: PreprocessorError.missing(folder: folder).description + Self.download(folder))
        } catch .unsupported(let file, let what) {
            throw .unsupported(file: file, what: what)
        } catch {
            throw .preprocessor(reason: error.description)
        }
        self.configuration = configuration
        files = try Self.open("\(folder)/\(weights)")
        tensors = HuggingFaceTensors(files: files, name: family.tensorName)
    }

    private static func open(_ path: String) throws(ModelError) -> WeightFiles {
        do {
            return path.hasSuffix(".index.json") ? try WeightFiles(index: path) : try WeightFiles(file: path)
        } catch .unreadable(let file, let reason) where !FileManager.default.fileExists(atPath: file) {
            let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
            throw .weights(
                reason: WeightFileError.unreadable(file: file, reason: reason).description + download(folder))
        } catch {
            throw .weights(reason: error.description)
        }
    }

    /// The folder's tokenizer, checked to fit the token table.
    /// - Throws: ``ModelError/tokenizer(reason:)``, ``ModelError/cancelled``.
    func tokenizer(
        isCancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(ModelError) -> any TextTokenizer {
        let tokenizer: any TextTokenizer
        do {
            tokenizer = try TokenizerLoader.load(
                folder: folder, family: configuration.family.tokenizer,
                positions: configuration.text.positions, padding: configuration.family.padding, cleaning: cleaning,
                isCancelled: isCancelled)
        } catch .cancelled {
            throw .cancelled
        } catch .noTokenizer(let folder, let expected) {
            throw .tokenizer(
                reason: TokenizerError.noTokenizer(folder: folder, expected: expected).description
                    + Self.download(folder))
        } catch .unsupported(let file, let component) {
            throw .unsupported(file: file, what: "\(component) is not supported")
        } catch {
            throw .tokenizer(reason: error.description)
        }
        let kinds = configuration.family.tokenizer.modelNames
        guard kinds.contains(tokenizer.modelName) else {
            throw .tokenizer(
                reason: "\(folder): the tokenizer's tokens are \(tokenizer.modelName), but texts of this model are of "
                    + "\(kinds.joined(separator: " or ")); they belong to different models")
        }
        guard tokenizer.maxId < configuration.text.vocabulary else {
            throw .tokenizer(
                reason: "\(folder): the tokenizer gives ids up to \(tokenizer.maxId), but the model's token table has "
                    + "\(configuration.text.vocabulary) rows (vocab_size); they belong to different models")
        }
        return tokenizer
    }
}
