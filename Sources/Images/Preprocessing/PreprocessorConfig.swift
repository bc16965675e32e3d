import Foundation
import JSON

extension ImagePreprocessor {
    /// Whose defaults fill in what a sparse config leaves out.
    package enum Family: String, Sendable, CaseIterable {
        case clip, siglip
        /// SigLIP2 of pictures of any shape.
        case naflex
    }

    /// Reads `processor_config.json` (its `image_processor` object) or `preprocessor_config.json` of a model folder.
    ///
    /// A file that names its processor class decides on the defaults itself; `family` counts where it does not.
    package init(folder: String, family: Family) throws(PreprocessorError) {
        let combined = folder + "/processor_config.json"
        if FileManager.default.fileExists(atPath: combined),
            let processor = try Self.readObject(combined)["image_processor"], !processor.isNull
        {
            try self.init(config: processor, file: combined, family: family)
            return
        }
        let own = folder + "/preprocessor_config.json"
        guard FileManager.default.fileExists(atPath: own) else { throw .missing(folder: folder) }
        try self.init(config: Self.readObject(own), file: own, family: family)
    }

    /// The family's own defaults at a given image size.
    package init(family: Family, imageSize: Int) {
        switch family {
        case .clip:
            self.init(
                resize: .shortestEdge(imageSize), crop: CropSize(height: imageSize, width: imageSize),
                normalization: .clip)
        case .siglip:
            self.init(resize: .exact(height: imageSize, width: imageSize), normalization: .half)
        case .naflex:
            self.init(resize: .patches(edge: 16, most: 256), filter: .bilinear, normalization: .half)
        }
    }

    /// Takes an open_clip `preprocess_cfg`: `mean`, `std`, `interpolation`, `resize_mode` and the model's image size.
    ///
    /// - Throws: ``PreprocessorError/invalid(file:key:reason:)`` for values that open_clip knows and this does not.
    package init(
        openCLIPSize size: CropSize, mean: [Double], std: [Double], interpolation: String = "bicubic",
        resizeMode: String = "shortest", file: String = "open_clip_config.json"
    ) throws(PreprocessorError) {
        guard let filter = ResampleFilter(name: interpolation) else {
            throw .invalid(file: file, key: "interpolation", reason: "\"\(interpolation)\" is not a known filter")
        }
        guard mean.count == 3 else { throw .invalid(file: file, key: "mean", reason: "three numbers are needed") }
        guard std.count == 3, !std.contains(0) else {
            throw .invalid(file: file, key: "std", reason: "three numbers other than zero are needed")
        }
        let normalization = Normalization(mean: mean, deviation: std)
        switch resizeMode {
        case "shortest" where size.height == size.width:
            self.init(
                resize: .shortestEdge(size.height), filter: filter, crop: size, cropRounding: .nearestEven,
                normalization: normalization)
        case "squash":
            self.init(
                resize: .exact(height: size.height, width: size.width), filter: filter, normalization: normalization)
        default:
            throw .invalid(
                file: file, key: "resize_mode",
                reason: "\"\(resizeMode)\" is not supported for \(size.height) x \(size.width) "
                    + "(known: \"shortest\" for square pictures, \"squash\")")
        }
    }

    /// Takes the object of a Hugging Face image processor; `file` names it in errors.
    package init(config: JSONValue, file: String, family: Family) throws(PreprocessorError) {
        let reader = PreprocessorConfigReader(config: config, file: file)
        guard config.object != nil else {
            throw .unreadable(file: file, reason: "an image processor must be a JSON object, not \(config.kind)")
        }
        let defaults = try reader.defaults(family: family)
        try reader.refuseUnknownSteps()
        self = defaults.preprocessor
        if case .patches(let edge, let most) = defaults.preprocessor.resize {
            resize = try reader.patches(edge: edge, most: most)
        } else if try reader.flag("do_resize") ?? true {
            resize = try reader.resize(default: defaults.preprocessor.resize, squareNumbers: defaults.squareNumbers)
        } else {
            resize = .none
        }
        filter = try reader.filter(default: filter)
        if try reader.flag("do_center_crop") ?? (crop != nil) {
            crop = try reader.cropSize(default: crop)
        } else {
            crop = nil
        }
        if try reader.flag("do_rescale") ?? true {
            rescaleFactor = try reader.rescaleFactor() ?? rescaleFactor
        } else {
            rescaleFactor = nil
        }
        if try reader.flag("do_normalize") ?? true {
            normalization = try reader.normalization(default: defaults.normalization)
        } else {
            normalization = nil
        }
        // Pictures are always decoded to RGB, which is what "do_convert_rgb" asks for; only its type is checked.
        _ = try reader.flag("do_convert_rgb")
    }

    private static func readObject(_ file: String) throws(PreprocessorError) -> JSONValue {
        let value: JSONValue
        do {
            value = try JSONValue(contentsOf: file)
        } catch .unreadable(_, let reason) {
            throw .unreadable(file: file, reason: reason)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
        guard value.object != nil else {
            throw .unreadable(file: file, reason: "a JSON object is needed, not \(value.kind)")
        }
        return value
    }
}

extension ImagePreprocessor.Normalization {
    /// OpenAI's CLIP.
    package static let clip = Self(
        mean: [0.48145466, 0.4578275, 0.40821073], deviation: [0.26862954, 0.26130258, 0.27577711])
    /// Bytes to −1…1.
    package static let half = Self(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
}
