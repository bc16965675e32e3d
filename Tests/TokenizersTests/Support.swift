import Foundation
import JSON
import Tokenizers

/// Folders with test data, found from this file's place so that tests run from any clone.
enum TestData {
    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// A model folder under Tests/Fixtures.
    static func model(_ name: String) -> String { root.appendingPathComponent("Tests/Fixtures/\(name)").path }

    static func own(_ name: String) -> String {
        root.appendingPathComponent("Tests/TokenizersTests/Fixtures/\(name)").path
    }

    /// The real CLIP vocabulary, which is not part of the repository: `tools/fixtures/clip-vocabulary` takes it from
    /// open_clip's wheel; nil where it was not run.
    static let clipVocabulary: String? = {
        let folder = root.appendingPathComponent("build/clip-vocabulary").path
        return FileManager.default.fileExists(atPath: folder + "/vocab.json") ? folder : nil
    }()
}

/// What the reference gives for a text.
struct ReferenceText {
    let text: String
    let ids: [Int]
    let tokens: [String]?
    let offsets: [Range<Int>]?
    let truncated: Bool?

    init(_ value: JSONValue) throws {
        struct Malformed: Error {}
        guard let text = value["text"]?.string, let ids = value["ids"]?.array else { throw Malformed() }
        self.text = text
        self.ids = ids.compactMap(\.int)
        tokens = value["tokens"]?.array?.compactMap(\.string)
        offsets = value["offsets"]?.array?.map { ($0[0]?.int ?? -1)..<($0[1]?.int ?? -1) }
        truncated = value["truncated"]?.bool
    }
}

/// The strings of a model's tokenizer-strings.json.
func referenceTexts(of model: String) throws -> (positions: Int, texts: [ReferenceText]) {
    let file = try JSONValue(contentsOf: TestData.model(model) + "/tokenizer-strings.json")
    return (file["positions"]?.int ?? 0, try (file["texts"]?.array ?? []).map(ReferenceText.init))
}

/// Loads a fixture's tokenizer with the positions of its model.
func fixtureTokenizer(_ model: String) throws -> any TextTokenizer {
    try TokenizerLoader.load(
        folder: TestData.model(model), family: model.hasPrefix("clip") ? .clip : .siglip,
        positions: try referenceTexts(of: model).positions)
}

/// A folder with the files given, removed when the value goes.
final class TemporaryFolder {
    let path = NSTemporaryDirectory() + "tokenizers-" + UUID().uuidString

    init(_ files: [String: String] = [:]) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        for (name, content) in files { try write(Array(content.utf8), to: name) }
    }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
