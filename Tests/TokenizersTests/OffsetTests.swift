import Foundation
import TestSupport
import Testing
import Tokenizers

/// Offsets count Unicode scalars of the given text, with normalisation undone.
@Suite(.timeLimit(.minutes(10)))
struct OffsetTests {
    static let models = ["clip-small", "clip-legacy-eos", "siglip-small", "siglip2-small"]

    /// What each token stands for.
    private func surfaces(_ model: String, _ text: String) throws -> [String] {
        let tokenization = try fixtureTokenizer(model).tokenize(text)
        let scalars = Array(text.unicodeScalars)
        return tokenization.playerPositions.map { position in
            var view = String.UnicodeScalarView()
            view.append(contentsOf: scalars[tokenization.offsets[position]])
            return String(view)
        }
    }

    @Test func composedAndDecomposedAccents() throws {
        #expect(try surfaces("clip-small", "é z") == ["é", "é", "z"])
        let decomposed = try surfaces("clip-small", "e\u{301} z")
        #expect(decomposed.map { $0.unicodeScalars.count } == [2, 2, 1])
        #expect(try surfaces("siglip2-small", "é") == ["é", "é"])
        // A character that the vocabulary lacks is an unknown token of its own.
        #expect(try surfaces("siglip-small", "z é").last == "é")
    }

    @Test func emojiAndCJK() throws {
        #expect(Set(try surfaces("clip-small", "🍎")) == ["🍎"])
        #expect(
            try surfaces("clip-small", "日本").joined().unicodeScalars.allSatisfy { "日本".unicodeScalars.contains($0) })
        #expect(Set(try surfaces("siglip2-small", "日")) == ["日"])
        let family = "👨‍👩‍👧"
        let scalars = family.unicodeScalars.map(String.init)
        #expect(Set(try surfaces("clip-small", family)).isSuperset(of: [scalars[0], scalars[2]]))
    }

    @Test func lowercaseThatGrows() throws {
        // İ becomes i and a combining dot, so a letter and a mark, which CLIP keeps apart; both stand for İ.
        let found = try surfaces("clip-small", "İz")
        #expect(found.dropLast().allSatisfy { $0 == "İ" } && found.count == 4 && found.last == "z")
    }

    @Test func deletedPunctuationAndCollapsedWhitespace() throws {
        let text = "  A,  \t dog!! "
        let tokenization = try fixtureTokenizer("siglip-small").tokenize(text)
        #expect(tokenization.players.map(\.token) == ["▁a", "▁dog"])
        let scalars = Array(text.unicodeScalars)
        let surfaces = tokenization.players.map { player in
            String(String.UnicodeScalarView(scalars[player.start..<player.end])).trimmingCharacters(in: .whitespaces)
        }
        #expect(surfaces == ["A", "dog"])
    }

    @Test func ligatureOfSeveralTokens() throws {
        // SentencePiece's normalisation makes f and i of the ligature.
        #expect(try surfaces("siglip-small", "ﬁ").suffix(2) == ["ﬁ", "ﬁ"])
    }

    @Test(arguments: models)
    func offsetsAscendInsideTheText(model: String) throws {
        let tokenizer = try fixtureTokenizer(model)
        var generator = SeededGenerator(seed: 1)
        for text in try referenceTexts(of: model).texts.map(\.text) + (0..<500).map({ _ in randomText(&generator) }) {
            let tokenization = try tokenizer.tokenize(text)
            #expect(
                tokenization.ids.count == tokenization.tokens.count
                    && tokenization.ids.count == tokenization.offsets.count)
            #expect(tokenization.ids.count <= tokenizer.positions)
            #expect(tokenization.ids.allSatisfy { (0...tokenizer.maxId).contains($0) })
            let offsets = tokenization.playerPositions.map { tokenization.offsets[$0] }
            for (previous, next) in zip(offsets, offsets.dropFirst()) {
                #expect(
                    previous.lowerBound <= next.lowerBound && previous.upperBound <= next.upperBound,
                    "\(text.debugDescription)")
            }
            #expect(offsets.allSatisfy { $0.lowerBound >= 0 && $0.upperBound <= text.unicodeScalars.count })
        }
    }

    @Test(arguments: ["clip-small", "clip-legacy-eos"])
    func playersCoverAllTextButSpace(model: String) throws {
        let tokenizer = try TokenizerLoader.load(folder: TestData.model(model), family: .clip, positions: 4096)
        var generator = SeededGenerator(seed: 2)
        let strings = try referenceTexts(of: model).texts.map(\.text).filter { !$0.contains("<|") }
        for text in strings + (0..<500).map({ _ in randomText(&generator) }) {
            let tokenization = try tokenizer.tokenize(text)
            #expect(!tokenization.truncated)
            var covered = Set<Int>()
            for player in tokenization.players { covered.formUnion(player.start..<player.end) }
            for (index, scalar) in text.unicodeScalars.enumerated() where !scalar.properties.isWhitespace {
                #expect(covered.contains(index), "\(text.debugDescription) at \(index)")
            }
        }
    }

    /// Letters with marks, syllables, emoji, whitespace and controls in any order.
    private func randomText(_ generator: inout SeededGenerator) -> String {
        let alphabet = Array(
            "aBcdog  '.1é\u{301}\u{323}\u{308}\u{302}ǅİΣß\u{1100}\u{1161}\u{11a8}한글日本🐕\u{200d}🏽\u{fe0f}\u{a0}\u{3000}\t\u{0}ﬁ㎏\u{958}\u{93c}Ⅻ\u{202e}"
                .unicodeScalars)
        var view = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0..<24, using: &generator) {
            view.append(alphabet.randomElement(using: &generator) ?? "a")
        }
        return String(view)
    }
}
