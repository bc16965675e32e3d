import Foundation
import Tensors

/// The files of a model folder, found and opened.
struct ModelFolder {
    let configuration: ModelConfiguration
    let tensors: any TensorSource
    private let files: WeightFiles

    init(_ folder: String) throws(ModelError) {
        func path(_ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }
        func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

        guard exists("config.json") else {
            throw .missingFile(
                folder: folder, file: "config.json", advice: "a model folder in the Hugging Face layout is needed")
        }
        configuration = try ModelConfiguration(huggingFace: path("config.json"))
        let files: WeightFiles
        do {
            if exists("model.safetensors") {
                files = try WeightFiles(file: path("model.safetensors"))
            } else if exists("model.safetensors.index.json") {
                files = try WeightFiles(index: path("model.safetensors.index.json"))
            } else if exists("pytorch_model.bin") || exists("pytorch_model.bin.index.json") {
                throw ModelError.missingFile(
                    folder: folder, file: "model.safetensors",
                    advice: "pytorch_model.bin is a pickle, which can run code when read; convert it where you trust it: "
                        + "python -c 'from transformers import AutoModel; AutoModel.from_pretrained(\"\(folder)\").save_pretrained(\"\(folder)\", safe_serialization=True)'")
            } else {
                throw ModelError.missingFile(
                    folder: folder, file: "model.safetensors", advice: "nor model.safetensors.index.json with its shards")
            }
        } catch let error as SafetensorsError {
            throw .weights(reason: error.description)
        } catch let error as ModelError {
            throw error
        } catch {
            throw .weights(reason: "\(error)")
        }
        self.files = files
        tensors = HuggingFaceTensors(files: files)
    }

    /// Lets the kernel drop the pages read so far, once packed copies have taken their place.
    func releasePages() { files.releasePages() }
}
