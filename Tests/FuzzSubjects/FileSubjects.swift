import Encoders
import Foundation
import Images
import JSON
import Tensors
import Tokenizers

/// Every tensor that the header tells of can be read.
func readSafetensors(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "m.safetensors")
    guard let file = try? SafetensorsFile(path: Scratch.shared.folder + "/m.safetensors") else { return }
    readTensors(of: file)
}

/// Every tensor that a pickle tells of can be read.
func readPickle(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "m.bin")
    guard let file = try? PickleFile(path: Scratch.shared.folder + "/m.bin") else { return }
    readTensors(of: file)
}

private func readTensors(of file: some TensorFile) {
    for name in file.names {
        guard let shape = file.shape(name), let tensor = try? file.tensor(name, shape: shape) else { continue }
        guard let values = try? tensor.floats() else { fatalError("the tensor \(name) of a valid file cannot be read") }
        precondition(
            values.count == shape.reduce(1, *), "the tensor \(name) has another number of values than its shape")
    }
}

/// A picture has as many pixels as it says, and can be preprocessed.
func readImage(_ bytes: [UInt8]) {
    let limits = ImageLimits(pixels: 1 << 18, fileBytes: 1 << 20)
    guard let image = try? ImageDecoder.decode(bytes, limits: limits) else { return }
    precondition(image.rgb.count == 3 * image.width * image.height, "a picture with other pixels than it says")
    let small = ImagePreprocessor(family: .clip, imageSize: 16).process(image)
    precondition(small.pixels.count == 3 * 16 * 16 && small.pixels.allSatisfy(\.isFinite), "pixels that are no numbers")
}

/// A tokenizer that loads gives ids in its vocabulary, at most as many as there are positions.
func readTokenizer(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "tokenizer.json")
    for family in TokenizerLoader.Family.allCases {
        guard let tokenizer = try? TokenizerLoader.load(folder: Scratch.shared.folder, family: family, positions: 16)
        else { continue }
        tokenize(with: tokenizer)
    }
}

/// As a tokenizer.
func readSentencePiece(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "sentencepiece/spiece.model")
    let folder = Scratch.shared.sentencePieceFolder
    guard let tokenizer = try? TokenizerLoader.load(folder: folder, family: .siglip, positions: 16) else { return }
    tokenize(with: tokenizer)
}

private func tokenize(with tokenizer: any TextTokenizer) {
    for text in ["", "a postbox next to a cocktail glass", "Ein Hündchen 🐶 — don't!\u{0}\u{301}  x", "ﬁne ㎏ ﷺ"] {
        guard let tokens = try? tokenizer.tokenize(text) else { continue }
        precondition(tokens.ids.count <= 16, "\(tokens.ids.count) tokens for 16 positions")
        precondition(tokens.ids.allSatisfy { $0 >= 0 && $0 <= tokenizer.maxId }, "an id outside the vocabulary")
    }
}

/// A preprocessor that is accepted makes pictures of the size it says.
func readPreprocessor(_ bytes: [UInt8]) {
    guard let config = try? JSONValue(parsing: bytes) else { return }
    for family in ImagePreprocessor.Family.allCases {
        guard let preprocessor = try? ImagePreprocessor(config: config, file: "fuzzed", family: family),
            let size = preprocessor.outputSize, size.height <= 64, size.width <= 64,
            (try? preprocessor.validate(height: size.height, width: size.width)) != nil
        else { continue }
        let picture = DecodedImage(width: 5, height: 7, rgb: [UInt8](repeating: 99, count: 3 * 5 * 7))
        let made = preprocessor.process(picture)
        precondition(made.height == size.height && made.width == size.width, "a picture of another size")
        precondition(made.pixels.count == 3 * size.height * size.width, "a picture of other pixels")
    }
}

/// Configurations are judged without weights being read.
func readConfiguration(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "config.json")
    _ = LoadedModel.problem(folder: Scratch.shared.modelFolder)
}

func readOpenCLIP(_ bytes: [UInt8]) {
    Scratch.shared.write(bytes, to: "open_clip_config.json")
    _ = LoadedModel.problem(folder: Scratch.shared.openCLIPFolder)
}

/// Every tensor that an index tells of can be read, if its file has it.
func readWeightIndex(_ bytes: [UInt8]) {
    let index = Scratch.shared.write(bytes, to: "open_clip/model.safetensors.index.json")
    guard let files = try? WeightFiles(index: index) else { return }
    for name in files.names {
        guard let shape = files.shape(name) else { fatalError("the tensor \(name) of a valid index has no shape") }
        _ = try? files.tensor(name, shape: shape).floats()
    }
}
