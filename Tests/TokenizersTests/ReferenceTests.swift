import Foundation
import JSON
import Testing
import Tokenizers

/// Token for token what the reference libraries give.
@Suite(.timeLimit(.minutes(10)))
struct ReferenceTests {
    @Test(arguments: ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"])
    func awkwardStrings(model: String) throws {
        let (_, texts) = try referenceTexts(of: model)
        let tokenizer = try fixtureTokenizer(model)
        #expect(texts.count >= 100)
        for expected in texts {
            let found = try tokenizer.tokenize(expected.text)
            #expect(found.ids == expected.ids, "\(expected.text.debugDescription)")
            #expect(found.truncated == expected.truncated, "\(expected.text.debugDescription)")
            if let tokens = expected.tokens {
                #expect(found.tokens.map { Array($0.utf8) } == tokens.map { Array($0.utf8) })
            }
        }
    }

    /// Where NFC changes a text the reference gives a composed letter the range of its first scalar alone; here it has
    /// all.
    @Test(arguments: ["clip-small", "clip-legacy-eos", "siglip2-small"])
    func offsets(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        for expected in try referenceTexts(of: model).texts {
            let found = try tokenizer.tokenize(expected.text).offsets
            let reference = try #require(expected.offsets)
            if isComposed(expected.text) || model == "siglip2-small" {
                #expect(found == reference, "\(expected.text.debugDescription)")
            } else {
                for (mine, theirs) in zip(found, reference) {
                    #expect(mine.lowerBound <= theirs.lowerBound && mine.upperBound >= theirs.upperBound)
                }
            }
        }
    }

    @Test(arguments: ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"])
    func idsOfTheEncodersExpectations(model: String) throws {
        let expected = try JSONValue(contentsOf: TestData.model(model) + "/expected.json")
        let tokenizer = try fixtureTokenizer(model)
        for text in try (expected["texts"]?.array ?? []).map(ReferenceText.init) {
            #expect(try tokenizer.tokenize(text.text).ids == text.ids)
        }
        let game = try #require(expected["game"])
        let text = try tokenizer.tokenize(try #require(game["text"]?.string))
        #expect(text.players.count == game["n_text"]?.int)
    }

    /// From vocab.json and merges.txt.
    @Test(.enabled(if: TestData.clipVocabulary != nil, "run tools/fixtures/clip-vocabulary to have the vocabulary"))
    func realCLIPVocabulary() throws {
        let folder = try #require(TestData.clipVocabulary)
        let tokenizer = try TokenizerLoader.load(folder: folder, family: .clip, positions: 77)
        #expect(tokenizer.vocabularySize == 49408)
        #expect(tokenizer.maxId == 49407)
        let texts = try (JSONValue(contentsOf: TestData.own("clip-vocabulary.json")).array ?? []).map(
            ReferenceText.init)
        #expect(!texts.isEmpty)
        for expected in texts {
            let found = try tokenizer.tokenize(expected.text)
            #expect(found.ids == expected.ids, "\(expected.text.debugDescription)")
            #expect(found.tokens == expected.tokens, "\(expected.text.debugDescription)")
        }
    }

    /// Each component of tokenizer.json, in small tokenizers.
    @Test func components() throws {
        let cases = try #require(JSONValue(contentsOf: TestData.own("components.json"))["cases"]?.array)
        #expect(cases.count > 20)
        for entry in cases {
            let folder = try TemporaryFolder([
                "tokenizer.json": try #require(entry["file"]?.string),
                "tokenizer_config.json": #"{"do_lower_case": false, "eos_token": "</s>", "pad_token": "<pad>"}"#,
            ])
            let tokenizer = try TokenizerLoader.load(folder: folder.path, family: .siglip, positions: 128)
            for expected in try (entry["texts"]?.array ?? []).map(ReferenceText.init) {
                let found = try tokenizer.tokenize(expected.text)
                let name = "\(entry["name"]?.string ?? ""): \(expected.text.debugDescription)"
                #expect(found.ids.count == 128)
                #expect(Array(found.ids.prefix(expected.ids.count)) == expected.ids, "\(name)")
                #expect(found.tokens.dropFirst(expected.ids.count).allSatisfy { $0 == "<pad>" }, "\(name)")
            }
        }
    }

    private func isComposed(_ text: String) -> Bool {
        let composed = text.decomposedStringWithCanonicalMapping.precomposedStringWithCanonicalMapping
        return text.unicodeScalars.elementsEqual(composed.unicodeScalars)
    }
}
