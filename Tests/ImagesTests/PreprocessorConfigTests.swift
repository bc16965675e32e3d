import Foundation
import Images
import JSON
import Testing

@Suite("Preprocessor configs", .timeLimit(.minutes(10)))
struct PreprocessorConfigTests {
    private func read(_ json: String, family: ImagePreprocessor.Family = .clip) throws -> ImagePreprocessor {
        try ImagePreprocessor(config: JSONValue(parsing: json), file: "preprocessor_config.json", family: family)
    }

    private func problem(_ json: String, family: ImagePreprocessor.Family = .clip) -> String {
        do { return try "\(read(json, family: family))" } catch { return "\(error)" }
    }

    @Test("an empty config gives the family's defaults")
    func defaults() throws {
        let clip = try read("{}")
        #expect(clip == ImagePreprocessor(family: .clip, imageSize: 224))
        #expect(clip.resize == .shortestEdge(224))
        #expect(clip.crop == .init(height: 224, width: 224))
        #expect(clip.filter == .bicubic)
        #expect(clip.normalization == .clip)
        let siglip = try read("{}", family: .siglip)
        #expect(siglip.resize == .exact(height: 224, width: 224))
        #expect(siglip.crop == nil)
        #expect(siglip.normalization == .half)
    }

    @Test("the class in the file decides, with or without a suffix")
    func classes() throws {
        for suffix in ["", "Fast", "Pil"] {
            #expect(try read(#"{"image_processor_type": "SiglipImageProcessor\#(suffix)"}"#).crop == nil)
            #expect(try read(#"{"image_processor_type": "CLIPImageProcessor\#(suffix)"}"#, family: .siglip).crop != nil)
        }
        #expect(try read(#"{"feature_extractor_type": "CLIPFeatureExtractor"}"#, family: .siglip).crop != nil)
        #expect(try read(#"{"image_processor_type": "ViTImageProcessor", "size": 30}"#).filter == .bilinear)
        #expect(problem(#"{"image_processor_type": "FlavaImageProcessor"}"#).contains("FlavaImageProcessor"))
    }

    @Test("sizes are numbers or objects")
    func sizes() throws {
        #expect(try read(#"{"size": 336, "crop_size": 336}"#) == ImagePreprocessor(family: .clip, imageSize: 336))
        #expect(
            try read(#"{"size": {"shortest_edge": 9}, "crop_size": {"height": 7, "width": 8}}"#).outputSize
                == .init(height: 7, width: 8))
        #expect(try read(#"{"size": 384}"#, family: .siglip).resize == .exact(height: 384, width: 384))
        #expect(
            try read(#"{"size": {"height": 5, "width": 6}, "do_center_crop": false}"#).outputSize
                == .init(height: 5, width: 6))
        #expect(try read(#"{"size": {"shortest_edge": 9}, "do_center_crop": false}"#).outputSize == nil)
        #expect(try read(#"{"size": null, "crop_size": null}"#).outputSize == .init(height: 224, width: 224))
    }

    @Test("steps can be switched off")
    func steps() throws {
        let raw = try read(
            #"{"do_resize": false, "do_center_crop": false, "do_rescale": false, "do_normalize": false}"#)
        #expect(raw == ImagePreprocessor(resize: .none, rescaleFactor: nil, normalization: nil))
        let other = try read(
            #"{"resample": 2, "image_mean": [0, 0.5, 1], "image_std": [1, 2, 3], "rescale_factor": 0.5}"#)
        #expect(other.filter == .bilinear)
        #expect(other.normalization == .init(mean: [0, 0.5, 1], deviation: [1, 2, 3]))
        #expect(other.rescaleFactor == 0.5)
    }

    @Test(
        "errors name the file and the key",
        arguments: [
            (#"{"size": {"longest_edge": 9}}"#, "size.longest_edge"), (#"{"size": "big"}"#, "size"),
            (#"{"size": {"shortest_edge": 0}}"#, "size.shortest_edge"), (#"{"size": {"height": 3}}"#, "size"),
            (#"{"crop_size": {"height": 3, "width": 1.5}}"#, "crop_size.width"), (#"{"resample": 6}"#, "resample"),
            (#"{"resample": "sharp"}"#, "resample"), (#"{"image_mean": [1, 2]}"#, "image_mean"),
            (#"{"image_mean": [1, 2, "x"]}"#, "image_mean"), (#"{"image_mean": [1, 2, 3, "x"]}"#, "image_mean"),
            (#"{"image_std": [1, 0, 1]}"#, "image_std"), (#"{"do_resize": 1}"#, "do_resize"),
            (#"{"rescale_factor": 0}"#, "rescale_factor"), (#"{"do_pad": true}"#, "do_pad"),
            (#"{"image_processor_type": "BlipImageProcessor"}"#, "image_processor_type"),
        ])
    func errors(json: String, key: String) {
        #expect(problem(json).hasPrefix("preprocessor_config.json: \"\(key)\": "), "\(problem(json))")
    }

    @Test("the size must be the model's")
    func validation() throws {
        let clip = try read(#"{"size": 336, "crop_size": 336}"#)
        try clip.validate(height: 336, width: 336)
        let error = #expect(throws: PreprocessorError.self) { try clip.validate(height: 224, width: 224) }
        #expect(error?.description.contains("336 x 336") == true && error?.description.contains("224 x 224") == true)
        let varying = try read(#"{"do_center_crop": false}"#)
        #expect(throws: PreprocessorError.self) { try varying.validate(height: 224, width: 224) }
    }

    @Test("a folder's processor_config.json counts before preprocessor_config.json")
    func folders() throws {
        let folder = NSTemporaryDirectory() + "preprocessor-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        #expect(throws: PreprocessorError.missing(folder: folder)) {
            try ImagePreprocessor(folder: folder, family: .clip)
        }
        try write(#"{"crop_size": 32}"#, "preprocessor_config.json")
        #expect(try ImagePreprocessor(folder: folder, family: .clip).outputSize == .init(height: 32, width: 32))
        try write(#"{"processor_class": "CLIPProcessor"}"#, "processor_config.json")
        #expect(try ImagePreprocessor(folder: folder, family: .clip).outputSize == .init(height: 32, width: 32))
        try write(#"{"image_processor": {"crop_size": 64}}"#, "processor_config.json")
        #expect(try ImagePreprocessor(folder: folder, family: .clip).outputSize == .init(height: 64, width: 64))
        try write("[1]", "processor_config.json")
        #expect(throws: PreprocessorError.self) { try ImagePreprocessor(folder: folder, family: .clip) }
    }

    @Test("open_clip's settings: torchvision's crop rounding, squash, named errors")
    func openCLIP() throws {
        let size = ImagePreprocessor.CropSize(height: 4, width: 4)
        let mean = [0.5, 0.5, 0.5]
        let shortest = try ImagePreprocessor(openCLIPSize: size, mean: mean, std: mean, interpolation: "bilinear")
        #expect(shortest.filter == .bilinear)
        // 7 − 4 = 3: torchvision rounds 1.5 to 2, Hugging Face takes 1.
        #expect(shortest.geometry(sourceWidth: 7, sourceHeight: 4).cropLeft == 2)
        #expect(ImagePreprocessor(family: .clip, imageSize: 4).geometry(sourceWidth: 7, sourceHeight: 4).cropLeft == 1)
        let squash = try ImagePreprocessor(openCLIPSize: size, mean: mean, std: mean, resizeMode: "squash")
        #expect(squash.resize == .exact(height: 4, width: 4))
        #expect(throws: PreprocessorError.self) {
            try ImagePreprocessor(openCLIPSize: size, mean: mean, std: mean, resizeMode: "longest")
        }
        #expect(throws: PreprocessorError.self) { try ImagePreprocessor(openCLIPSize: size, mean: [1], std: mean) }
        #expect(throws: PreprocessorError.self) {
            try ImagePreprocessor(openCLIPSize: size, mean: mean, std: mean, interpolation: "random")
        }
    }
}
