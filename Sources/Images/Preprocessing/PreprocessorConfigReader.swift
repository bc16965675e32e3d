import JSON

/// Reads the keys of a Hugging Face image processor, each error naming file and key. `null` counts as absent.
struct PreprocessorConfigReader {
    let config: JSONValue
    let file: String

    struct Defaults {
        var preprocessor: ImagePreprocessor
        var normalization: ImagePreprocessor.Normalization
        /// Whether a bare number as `size` means a square (SigLIP, ViT) or the shortest edge (CLIP).
        var squareNumbers: Bool
    }

    /// Defaults by the class the file names, else by the model's family.
    func defaults(family: ImagePreprocessor.Family) throws(PreprocessorError) -> Defaults {
        let key = config["image_processor_type"]?.string != nil ? "image_processor_type" : "feature_extractor_type"
        switch config[key]?.string.map(plainClassName) {
        case nil:
            return defaults(of: family)
        case "CLIPImageProcessor", "CLIPFeatureExtractor", "ChineseCLIPImageProcessor", "ChineseCLIPFeatureExtractor":
            return defaults(of: .clip)
        case "SiglipImageProcessor":
            return defaults(of: .siglip)
        case "Siglip2ImageProcessor":
            return defaults(of: .naflex)
        case "ViTImageProcessor", "ViTFeatureExtractor":
            var vit = defaults(of: .siglip)
            vit.preprocessor.filter = .bilinear
            return vit
        case let name?:
            throw .invalid(
                file: file, key: key,
                reason: "\"\(name)\" is not supported (known: CLIPImageProcessor, SiglipImageProcessor, "
                    + "Siglip2ImageProcessor, ViTImageProcessor)")
        }
    }

    private func defaults(of family: ImagePreprocessor.Family) -> Defaults {
        Defaults(
            preprocessor: ImagePreprocessor(family: family, imageSize: 224),
            normalization: family == .clip ? .clip : .half, squareNumbers: family == .siglip)
    }

    /// The class without the suffix of its torchvision and PIL variants, which do the same.
    private func plainClassName(_ name: String) -> String {
        for suffix in ["Fast", "Pil"] where name.hasSuffix(suffix) { return String(name.dropLast(suffix.count)) }
        return name
    }

    /// Steps other processors have and that would change the pixels.
    func refuseUnknownSteps() throws(PreprocessorError) {
        for key in ["do_pad", "do_flip_channel_order", "do_thumbnail", "do_align_long_axis", "do_crop_margin"]
        where try flag(key) ?? false {
            throw .unsupported(file: file, what: "\"\(key)\": this step is not supported")
        }
    }

    func flag(_ key: String) throws(PreprocessorError) -> Bool? {
        guard let value = present(key) else { return nil }
        guard let flag = value.bool else {
            throw .invalid(file: file, key: key, reason: "true or false is needed, not \(value.kind)")
        }
        return flag
    }

    func resize(
        default fallback: ImagePreprocessor.Resize, squareNumbers: Bool
    ) throws(PreprocessorError) -> ImagePreprocessor.Resize {
        guard let value = present("size") else { return fallback }
        if value.object == nil {
            let number = try length(value, key: "size")
            return squareNumbers ? .exact(height: number, width: number) : .shortestEdge(number)
        }
        if let longest = value["longest_edge"], !longest.isNull {
            throw .unsupported(file: file, what: "\"size.longest_edge\": resizing by the longest edge is not supported")
        }
        if let shortest = value["shortest_edge"], !shortest.isNull {
            return .shortestEdge(try length(shortest, key: "size.shortest_edge"))
        }
        let size = try heightAndWidth(value, key: "size")
        return .exact(height: size.height, width: size.width)
    }

    /// `patch_size` and `max_num_patches` of a processor that keeps the aspect ratio.
    func patches(edge: Int, most: Int) throws(PreprocessorError) -> ImagePreprocessor.Resize {
        guard try flag("do_resize") ?? true else {
            throw .unsupported(
                file: file, what: "\"do_resize\": without it pictures need not be whole patches, which is not supported"
            )
        }
        return .patches(
            edge: try present("patch_size").map { value throws(PreprocessorError) in
                try length(value, key: "patch_size")
            } ?? edge,
            most: try present("max_num_patches").map { value throws(PreprocessorError) in
                try length(value, key: "max_num_patches")
            } ?? most)
    }

    func cropSize(
        default fallback: ImagePreprocessor.CropSize?
    ) throws(PreprocessorError) -> ImagePreprocessor.CropSize {
        guard let value = present("crop_size") else {
            guard let fallback else {
                throw .invalid(
                    file: file, key: "crop_size", reason: "\"do_center_crop\" is true but no crop size is given")
            }
            return fallback
        }
        if value.object == nil {
            let number = try length(value, key: "crop_size")
            return ImagePreprocessor.CropSize(height: number, width: number)
        }
        return try heightAndWidth(value, key: "crop_size")
    }

    func filter(default fallback: ResampleFilter) throws(PreprocessorError) -> ResampleFilter {
        guard let value = present("resample") else { return fallback }
        let filter = value.string.map(ResampleFilter.init(name:)) ?? value.int.flatMap(ResampleFilter.init(rawValue:))
        guard let filter else {
            let known = ResampleFilter.allCases.map { "\($0.rawValue) \($0)" }.joined(separator: ", ")
            throw .invalid(file: file, key: "resample", reason: "this is not one of Pillow's filters (\(known))")
        }
        return filter
    }

    func rescaleFactor() throws(PreprocessorError) -> Double? {
        guard let value = present("rescale_factor") else { return nil }
        guard let factor = value.double, factor.isFinite, factor > 0 else {
            throw .invalid(file: file, key: "rescale_factor", reason: "a positive number is needed")
        }
        return factor
    }

    func normalization(
        default fallback: ImagePreprocessor.Normalization
    ) throws(PreprocessorError) -> ImagePreprocessor.Normalization {
        let mean = try channels("image_mean") ?? fallback.mean
        let deviation = try channels("image_std") ?? fallback.deviation
        guard !deviation.contains(0) else {
            throw .invalid(file: file, key: "image_std", reason: "no entry may be zero")
        }
        return ImagePreprocessor.Normalization(mean: mean, deviation: deviation)
    }

    private func present(_ key: String) -> JSONValue? {
        guard let value = config[key], !value.isNull else { return nil }
        return value
    }

    private func channels(_ key: String) throws(PreprocessorError) -> [Double]? {
        guard let value = present(key) else { return nil }
        let numbers = value.array?.compactMap(\.double) ?? value.double.map { [$0, $0, $0] } ?? []
        guard numbers.count == 3, value.array?.count ?? 3 == 3, numbers.allSatisfy(\.isFinite) else {
            throw .invalid(file: file, key: key, reason: "three numbers are needed")
        }
        return numbers
    }

    private func heightAndWidth(
        _ value: JSONValue, key: String
    ) throws(PreprocessorError) -> ImagePreprocessor.CropSize {
        guard let height = value["height"], let width = value["width"] else {
            throw .invalid(file: file, key: key, reason: "\"height\" and \"width\" are needed")
        }
        return ImagePreprocessor.CropSize(
            height: try length(height, key: key + ".height"), width: try length(width, key: key + ".width"))
    }

    private func length(_ value: JSONValue, key: String) throws(PreprocessorError) -> Int {
        guard let number = value.int, (1...16384).contains(number) else {
            throw .invalid(file: file, key: key, reason: "a whole number from 1 to 16384 is needed")
        }
        return number
    }
}

/// Why a preprocessor could not be made from a model's files, or does not fit the model.
package enum PreprocessorError: Error, Equatable, CustomStringConvertible {
    /// Neither file is in the folder.
    case missing(folder: String)
    /// The file is not a JSON object or cannot be read.
    case unreadable(file: String, reason: String)
    /// A key holds something that cannot be used.
    case invalid(file: String, key: String, reason: String)
    /// The file asks for a kind of preprocessing that this library does not do.
    case unsupported(file: String, what: String)
    /// The preprocessor makes pictures of another size than the model reads.
    case sizeMismatch(made: String, wanted: String)

    package var description: String {
        switch self {
        case .missing(let folder):
            "\(folder): neither preprocessor_config.json nor processor_config.json (with \"image_processor\") is there"
        case .unreadable(let file, let reason):
            "\(file): \(reason)"
        case .invalid(let file, let key, let reason):
            "\(file): \"\(key)\": \(reason)"
        case .unsupported(let file, let what):
            "\(file): \(what)"
        case .sizeMismatch(let made, let wanted):
            "the image preprocessor makes pictures of \(made) (height x width), but the model reads \(wanted); "
                + "correct \"crop_size\" or \"size\" in the preprocessor config"
        }
    }
}
