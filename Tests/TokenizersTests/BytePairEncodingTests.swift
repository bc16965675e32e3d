import Foundation
import JSON
import TestSupport
import Testing
import Tokenizers

/// The fast merging and the cache change nothing.
@Suite(.timeLimit(.minutes(10)))
struct BytePairEncodingTests {
    /// CLIP's algorithm as its paper states it: again and again the pair of lowest rank, everywhere from the left.
    private struct Naive {
        let ids: [String: Int]
        let ranks: [[String]: Int]

        init(model: String) throws {
            let file = try JSONValue(contentsOf: TestData.model(model) + "/tokenizer.json")
            let vocabulary = try #require(file["model"]?["vocab"]?.object)
            ids = Dictionary(uniqueKeysWithValues: vocabulary.map { ($0.key, $0.value.int ?? -1) })
            let merges = try #require(file["model"]?["merges"]?.array)
            ranks = Dictionary(
                uniqueKeysWithValues: merges.enumerated().map { ($1.array?.compactMap(\.string) ?? [], $0) })
        }

        func encode(_ word: String) -> [Int?] {
            var parts = word.map(String.init)
            parts[parts.count - 1] += "</w>"
            while true {
                let pairs = zip(parts, parts.dropFirst()).map { [$0, $1] }
                guard let best = pairs.compactMap({ ranks[$0] }).min(),
                    let at = pairs.firstIndex(where: { ranks[$0] == best })
                else { return parts.map { ids[$0] } }
                parts.replaceSubrange(at...at + 1, with: [parts[at] + parts[at + 1]])
            }
        }
    }

    @Test func equalsTheDefinitionOnWordsOfAllLengths() throws {
        let naive = try Naive(model: "clip-small")
        let tokenizer = try TokenizerLoader.load(folder: TestData.model("clip-small"), family: .clip, positions: 512)
        var generator = SeededGenerator(seed: 3)
        let letters = Array("aaabcdeefghiiklmnooprrsttuvwyz")
        for length in (1...90).flatMap({ [$0, $0, $0] }) {
            let word = String((0..<length).compactMap { _ in letters.randomElement(using: &generator) })
            let expected = naive.encode(word)
            // The second time short words come from the cache.
            for _ in 0..<2 {
                #expect(try tokenizer.tokenize(word).ids.dropFirst().dropLast().map { $0 } == expected, "\(word)")
            }
        }
    }

    @Test func aHugeWordIsTokenizedAsItsBeginning() throws {
        let word = String(repeating: "bicycle", count: 9_000)
        let short = String(repeating: "bicycle", count: 100)
        for model in ["clip-small", "siglip2-small"] {
            let tokenizer = try fixtureTokenizer(model)
            let found = try tokenizer.tokenize(word)
            #expect(found.truncated)
            #expect(try found.ids == tokenizer.tokenize(short).ids)
        }
    }

    @Test func manyThreadsGetTheSame() async throws {
        let tokenizer = try fixtureTokenizer("clip-small")
        let texts = try referenceTexts(of: "clip-small").texts
        await withTaskGroup(of: Bool.self) { group in
            for offset in 0..<8 {
                group.addTask {
                    texts.indices.allSatisfy { index in
                        let text = texts[(index + offset * 29) % texts.count]
                        return (try? tokenizer.tokenize(text.text).ids) == text.ids
                    }
                }
            }
            for await matches in group { #expect(matches) }
        }
    }
}
