import Foundation
import JSON
import Testing
import Tokenizers

/// The tokenizers of other text towers than CLIP's and SigLIP's: id for id what `transformers` gives.
@Suite(.timeLimit(.minutes(10)))
struct FamilyTests {
    private static let folder = TestData.own("families")
    private static let expected: JSONValue = {
        do { return try JSONValue(contentsOf: folder + "/expected.json") } catch { fatalError("\(error)") }
    }()

    /// Each of BERT's from its tokenizer.json and from its vocab.txt alone.
    @Test(arguments: ["bert-uncased", "bert-cased", "bert-accents", "xlm-roberta"])
    func equalsTheReference(name: String) throws {
        let texts = try #require(Self.expected["texts"]?.array).compactMap(\.string)
        let references = try #require(Self.expected["ids"]?[name]?.array)
        let positions = try #require(Self.expected["positions"]?.int)
        let isBERT = name.hasPrefix("bert")
        #expect(texts.count >= 200 && references.count == texts.count)
        for folder in isBERT ? [name, name + "-vocabulary"] : [name] {
            let tokenizer = try TokenizerLoader.load(
                folder: Self.folder + "/" + folder, family: isBERT ? .bert : .xlmRoberta, positions: positions)
            for (text, reference) in zip(texts, references) {
                let found = try tokenizer.tokenize(text)
                #expect(found.ids == reference.array?.compactMap(\.int), "\(folder): \(text.debugDescription)")
                for position in found.playerPositions {
                    #expect(found.offsets[position].upperBound <= text.unicodeScalars.count)
                }
            }
        }
    }

    @Test func playersAreTheWordsPieces() throws {
        let tokenizer = try TokenizerLoader.load(folder: Self.folder + "/bert-uncased", family: .bert, positions: 16)
        let found = try tokenizer.tokenize("A photo, café")
        #expect(found.tokens.first == "[CLS]" && found.tokens.last == "[SEP]")
        #expect(found.playerPositions == Array(1..<found.ids.count - 1))
        #expect(try found.players(groupedBy: .words).map(\.token) == ["A", "photo,", "café"])
        #expect(!(try tokenizer.tokenize("").ids.contains(0)))
    }

    @Test func missingFiles() throws {
        func problem(_ files: [String: String], _ family: TokenizerLoader.Family) throws -> String {
            let folder = try TemporaryFolder(files)
            do {
                _ = try TokenizerLoader.load(folder: folder.path, family: family, positions: 8)
                return "none"
            } catch {
                return "\(error)".replacingOccurrences(of: folder.path, with: "FOLDER")
            }
        }
        #expect(try problem([:], .bert) == "FOLDER: no tokenizer found; expected tokenizer.json, or vocab.txt")
        #expect(try problem([:], .xlmRoberta) == "FOLDER: no tokenizer found; expected tokenizer.json")
        #expect(
            try problem(["vocab.txt": "a\nb\n"], .bert)
                == #"FOLDER/vocab.txt: the unknown token "[UNK]" is not in the vocabulary"#)
        #expect(
            try problem(["vocab.txt": "[UNK]\n[CLS]\n"], .bert)
                == #"FOLDER/tokenizer.json: the end token "[SEP]" is not in the vocabulary"#)
        #expect(try problem(["vocab.txt": "[UNK]\n[CLS]\n[SEP]\na\na\n"], .bert).contains("occurs twice"))
        #expect(
            try problem(["tokenizer.json": #"{"model": {"type": "WordPiece", "vocab": {"a": 0}}}"#], .bert)
                == #"FOLDER/tokenizer.json: the unknown token "[UNK]" is not in the vocabulary"#)
    }
}
