import ArgumentParser
import FIxLIPProtocol
import Foundation

/// What `explain` compares other than an image and a caption.
struct ComparedOptions: ParsableArguments {
    @Option(name: .long, parsing: .singleValue, help: "A text in place of an image and a caption; twice, two texts.")
    var text: [String] = []

    @Option(help: "A caption that the one given is set against.")
    var ratherThan: String?

    @Option(help: "A vector in NumPy's format in place of a caption.", completion: .file(extensions: ["npy"]))
    var embedding: String?

    @Option(help: "What values are measured in: logits or cosine.")
    var scale: Scale?

    var isEmpty: Bool { text.isEmpty && ratherThan == nil && embedding == nil && scale == nil }

    /// - Throws: `ValidationError` where the arguments are none of the pairs that can be compared.
    func validate(image: String?, caption: [String]) throws {
        if ratherThan != nil, embedding != nil {
            throw ValidationError("give --rather-than or --embedding, not both")
        }
        guard let image else {
            guard ratherThan == nil else { throw ValidationError("--rather-than needs an image and a caption") }
            let wanted = embedding == nil ? 2 : 1
            guard text.count == wanted else {
                throw ValidationError(
                    embedding == nil
                        ? "give an image and a caption, two images, or --text twice"
                        : "give --text once with --embedding")
            }
            return
        }
        guard text.isEmpty else {
            throw ValidationError("--text is for texts without an image; write a caption after \(image)")
        }
        if embedding != nil {
            guard caption.isEmpty else { throw ValidationError("give a caption or --embedding, not both") }
        } else if caption.isEmpty {
            throw ValidationError("give a caption after the image")
        }
    }

    /// Parameters of `explanation/open`, after ``validate(image:caption:)``.
    func parameters(
        image: String?, caption words: [String], _ options: ExplanationOptions, model: ModelOptions
    ) throws -> ExplanationOpen.Parameters {
        let caption = words.joined(separator: " ")
        var target: Target?
        if let embedding {
            target = .embedding(.values(try NumPyFile(contents(of: embedding), name: embedding).values))
        } else if let ratherThan {
            target = .texts(
                [TargetText(text: caption, weight: 1), TargetText(text: ratherThan, weight: -1)],
                players: options.tokens ? .tokens : .words)
        }
        let second = target == nil && words.count == 1 && Self.isImageFile(caption) ? caption : nil
        var parameters = try options.parameters(
            image: image, image2: second,
            text: image == nil ? text.first : target == nil && second == nil ? caption : nil,
            text2: text.count > 1 ? text[1] : nil, target: target, model: model)
        parameters.scale = scale
        return parameters
    }

    /// Whether a single word after the image is not a caption: a file with the name of an image.
    private static func isImageFile(_ word: String) -> Bool {
        let isNamedSo = ["png", "jpg", "jpeg", "webp"].contains((word as NSString).pathExtension.lowercased())
        return isNamedSo && FileManager.default.fileExists(atPath: absolutePath(word))
    }
}

extension Scale: ExpressibleByArgument {}
