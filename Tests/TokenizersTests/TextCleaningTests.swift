import Foundation
import JSON
import TestSupport
import Testing
import Tokenizers

/// Texts of open_clip folders: cleaned character for character, and tokenized id for id, as open_clip does.
@Suite(.timeLimit(.minutes(10)))
struct TextCleaningTests {
    private static let expected: JSONValue = {
        do { return try JSONValue(contentsOf: TestData.own("open-clip-texts.json")) } catch { fatalError("\(error)") }
    }()
    private static let texts = expected["texts"]?.array?.compactMap(\.string) ?? []

    private func cleaned(_ text: String, _ cleaning: TextCleaning) -> AlignedText {
        Checkpoint.uncancelled { checkpoint throws(CancellationError) in
            try cleaning.apply(to: AlignedText(Array(text.unicodeScalars)[...]), checkpoint: checkpoint)
        }
    }

    @Test(arguments: [("lower", TextCleaning.lower), ("whitespace", .whitespace), ("canonicalize", .canonicalize)])
    func equalsOpenCLIP(name: String, cleaning: TextCleaning) throws {
        let references = try #require(Self.expected["cleaned"]?[name]?.array).compactMap(\.string)
        #expect(Self.texts.count >= 300 && references.count == Self.texts.count)
        for (text, reference) in zip(Self.texts, references) {
            let found = cleaned(text, cleaning)
            #expect(found.scalars == Array(reference.unicodeScalars), "\(text.debugDescription)")
        }
    }

    @Test(.enabled(if: TestData.clipVocabulary != nil, "run tools/fixtures/clip-vocabulary to have the vocabulary"))
    func idsOfTheCLIPTokenizer() throws {
        let folder = try #require(TestData.clipVocabulary)
        let tokenizer = try TokenizerLoader.load(folder: folder, family: .clip, positions: 77, cleaning: .lower)
        let references = try #require(Self.expected["clip"]?.array)
        // open_clip reads its own spelling of the special tokens in a text as these; here it is plain text.
        for (text, reference) in zip(Self.texts, references) where !text.contains("_of_text>") {
            #expect(try tokenizer.tokenize(text).ids == reference.array?.compactMap(\.int), "\(text.debugDescription)")
        }
        // From a list of texts on which programs go wrong.
        for (text, ids) in [
            ("a cat’s toy", [320, 2368, 568, 5988]), ("a “big” dog", [320, 257, 1205, 257, 1929]),
            ("ﬁne dog", [3797, 1929]), ("Tom &amp; Jerry", [2435, 261, 9164]),
        ] {
            #expect(try tokenizer.tokenize(text).ids == [49406] + ids + [49407])
        }
    }

    @Test func idsOfTheSigLIPTokenizer() throws {
        let tokenizer = try TokenizerLoader.load(
            folder: TestData.model("siglip-small"), family: .siglip, positions: 64, cleaning: .canonicalize)
        let references = try #require(Self.expected["siglip"]?.array)
        for (text, reference) in zip(Self.texts, references) {
            #expect(try tokenizer.tokenize(text).ids == reference.array?.compactMap(\.int), "\(text.debugDescription)")
        }
    }

    @Test func offsetsAreThoseOfTheGivenText() throws {
        let text = "Tom &amp;amp; “Jerry” ﬁ"
        #expect(String(String.UnicodeScalarView(cleaned(text, .lower).scalars)) == #"tom & "jerry" fi"#)
        let tokenizer = try TokenizerLoader.load(
            folder: TestData.model("clip-small"), family: .clip, positions: 64, cleaning: .lower)
        let found = try tokenizer.tokenize(text)
        let offsets = found.playerPositions.map { found.offsets[$0] }
        #expect(offsets.contains(4..<13) && offsets.contains(14..<15) && offsets.contains(22..<23))
        #expect(offsets.allSatisfy { $0.upperBound <= 23 && !$0.isEmpty })
    }

    @Test func hostileEntitiesTakeLinearTime() {
        let growth = Growth.ofSuperlinear(size: 1 << 16) { count in
            #expect(cleaned("&" + String(repeating: "amp;", count: count / 4), .lower).scalars.count == 1)
        }
        #expect(growth == nil)
    }
}
