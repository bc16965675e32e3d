import Foundation
import Tensors
import Tokenizers

/// What a model folder holds, found without reading weights.
package struct FolderSummary: Sendable, Equatable {
    /// Its family's name.
    package let architecture: String
    /// Pixels along an edge, patches along it and pixels along a patch's; of the largest square picture where
    /// ``mostPatches`` says that the grid follows the picture.
    package let imageSize: Int
    package let grid: Int
    package let patchSize: Int
    package let mostPatches: Int?
    /// Columns of the vision tower.
    package let width: Int
    /// Numbers per embedding.
    package let dimension: Int
    package let textPositions: Int
    package let vocabulary: Int
    /// How tokens of a text attend, and what they are, such as `causal, BPE`.
    package let textKind: String
    /// Bytes of the weight files.
    package let fileBytes: Int
    /// What ``Precision/auto`` takes for whole and for masked inputs; 8-bit masks only if they turn out to be exact
    /// enough when the model is loaded.
    package let precision: Precision
    package let maskPrecision: Precision
    /// Languages as the model's card names them, such as `en`; empty where it does not say.
    package let languages: [String]

    init(_ files: ModelFolder, tokenizer: any TextTokenizer, folder: String) {
        let configuration = files.configuration
        architecture = configuration.family.name
        imageSize = configuration.vision.imageSize
        grid = configuration.vision.grid
        patchSize = configuration.vision.patchSize
        mostPatches = configuration.vision.flexible?.mostPatches
        width = configuration.vision.transformer.hidden
        dimension = configuration.dimension
        textPositions = configuration.text.positions
        vocabulary = configuration.text.vocabulary
        textKind =
            (configuration.family.text.attention == .causal ? "causal" : "two-sided") + ", \(tokenizer.modelName)"
        fileBytes = files.files.bytes
        let resolution = Precision.auto.resolved(.current, width: configuration.vision.transformer.hidden)
        precision = resolution.whole
        maskPrecision = resolution.masks
        languages = ModelCard.languages("\(folder)/README.md")
    }
}

/// The head of a model's `README.md`, as the hub has it.
package enum ModelCard {
    /// More of a card is not looked at.
    private static let limit = 1 << 16

    /// What `language` says between the lines `---` at the beginning: one, a list in brackets, or one a line. Codes
    /// and names of up to 40 letters; at most 200.
    package static func languages(_ file: String) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: file), let data = try? handle.read(upToCount: limit) else {
            return []
        }
        let lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map { $0.trimmingCharacters(in: .whitespaces) }
        guard lines.first == "---", let end = lines.dropFirst().firstIndex(of: "---"),
            let start = lines[..<end].firstIndex(where: { $0.hasPrefix("language:") })
        else { return [] }
        let rest = lines[start].dropFirst("language:".count)
        var items = rest.split(whereSeparator: { "[], ".contains($0) }).map(String.init)
        if items.isEmpty {
            items = lines[(start + 1)..<end].prefix { $0.hasPrefix("-") }.map { String($0.dropFirst()) }
        }
        return items.prefix(200).map { $0.trimmingCharacters(in: CharacterSet(charactersIn: " \"'")) }
            .filter { !$0.isEmpty && $0.count <= 40 && $0.allSatisfy { $0.isLetter || $0 == "-" || $0 == "_" } }
    }
}
