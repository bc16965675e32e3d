import Foundation
import Testing
import Tokenizers

/// Which files are read, and what is said about the ones that cannot be.
@Suite(.timeLimit(.minutes(10)))
struct LoaderTests {
    private static let bpe =
        #""model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2, "<eos>": 3, "<pad>": 4}, "merges": ["a b"]}"#

    private func failure(
        _ files: [String: String], _ family: TokenizerLoader.Family = .siglip, positions: Int = 8
    ) throws -> String {
        let folder = try TemporaryFolder(files)
        do {
            _ = try TokenizerLoader.load(folder: folder.path, family: family, positions: positions)
            return "none"
        } catch {
            return "\(error)".replacingOccurrences(of: folder.path, with: "FOLDER")
        }
    }

    @Test func missingFiles() throws {
        #expect(
            try failure([:], .clip)
                == "FOLDER: no tokenizer found; expected tokenizer.json, or vocab.json with merges.txt")
        #expect(try failure(["vocab.json": "{}"], .clip).contains("no tokenizer found"))
        #expect(try failure([:]) == "FOLDER: no tokenizer found; expected spiece.model, or tokenizer.json")
        #expect(
            try failure(["tokenizer_config.json": #"{"tokenizer_class": "GemmaTokenizerFast"}"#, "spiece.model": "x"])
                == "FOLDER: no tokenizer found; expected tokenizer.json")
    }

    @Test func corruptJSON() throws {
        #expect(
            try failure(["tokenizer.json": "{\"model\": {\n \"vocab\": {\"a\" 0}, \"merges\": []}}"])
                == "FOLDER/tokenizer.json: line 2, column 16: not valid JSON: ':' is expected")
        for text in [
            "", "{", "[]", "{\"model\"", "{\"model\": {\"vocab\": {\"a", #"{"model": {"vocab": {"a\u12": 1}}}"#,
            "{\"model\": }", "nul",
        ] {
            #expect(try failure(["tokenizer.json": text]).hasPrefix("FOLDER/tokenizer.json: "), "\(text)")
        }
        #expect(try failure(["tokenizer.json": "{\(Self.bpe)} x"]).contains("more text follows"))
        #expect(
            try failure(["tokenizer.json": #"{"normalizer": {"type": x}, "# + Self.bpe + "}"]).contains(
                "normalizer: not valid JSON"))
        #expect(try failure(["tokenizer.json": "{}"]) == "FOLDER/tokenizer.json: model: is missing")
        #expect(
            try failure(["tokenizer.json": "{\(Self.bpe)}", "tokenizer_config.json": "{"]).hasPrefix(
                "FOLDER/tokenizer_config.json: not valid JSON"))
        #expect(
            try failure(["vocab.json": "{\"a\": 0", "merges.txt": ""], .clip).hasPrefix("FOLDER/vocab.json: line 1"))
    }

    @Test func vocabulariesOutOfRange() throws {
        func vocabulary(_ members: String) -> [String: String] {
            ["tokenizer.json": #"{"model": {"type": "BPE", "vocab": {\#(members)}, "merges": []}}"#]
        }
        #expect(try failure(vocabulary(#""a": -1"#)) == #"FOLDER/tokenizer.json: token "a": the id -1 is out of range"#)
        #expect(try failure(vocabulary(#""a": 99999999"#)).contains("out of range"))
        #expect(try failure(vocabulary(#""a": 1.5"#)).contains("an integer is expected"))
        #expect(try failure(vocabulary(#""a": 0, "a": 1"#)).contains("occurs twice"))
        #expect(try failure(vocabulary(#""a": 0, "b": 0"#)).contains("occurs twice"))
        let unigram = #"{"model": {"type": "Unigram", "unk_id": 7, "vocab": [["a", -1], ["</s>", 0]]}}"#
        #expect(
            try failure(["tokenizer.json": unigram])
                == "FOLDER/tokenizer.json: model.unk_id: is not an id of the vocabulary")
        #expect(
            try failure(["tokenizer.json": #"{"model": {"type": "Unigram", "vocab": [["a"]]}}"#]).contains(
                "pair of token and score"))
    }

    @Test func mergesOfUnknownTokens() throws {
        let file = Self.bpe.replacingOccurrences(of: #"["a b"]"#, with: #"["a b", "a c"]"#)
        #expect(
            try failure(["tokenizer.json": "{\(file)}"])
                == #"FOLDER/tokenizer.json: merge 1 names the token "c", which the vocabulary lacks"#)
        let result = Self.bpe.replacingOccurrences(of: #"["a b"]"#, with: #"[["b", "a"]]"#)
        #expect(try failure(["tokenizer.json": "{\(result)}"]).contains(#"the token "ba""#))
        #expect(
            try failure(["vocab.json": #"{"a": 0}"#, "merges.txt": "#version: 0.2\na b\n"], .clip)
                == #"FOLDER/merges.txt: merge 0 names the token "b", which the vocabulary lacks"#)
        #expect(
            try failure(["vocab.json": #"{"a": 0}"#, "merges.txt": "a\n"], .clip)
                == "FOLDER/merges.txt: merge 0: a pair of tokens is expected")
    }

    @Test(arguments: [
        (#""normalizer": {"type": "StripAccents"}"#, #"the normalizer "StripAccents" at normalizer"#),
        (
            #""normalizer": {"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "Nmt"}]}"#,
            #"the normalizer "Nmt" at normalizer.normalizers[1]"#
        ),
        (#""pre_tokenizer": {"type": "UnicodeScripts"}"#, #"the pre-tokenizer "UnicodeScripts" at pre_tokenizer"#),
        (
            #""pre_tokenizer": {"type": "Split", "pattern": {"Regex": "(?i:'s)|\\p{L}+"}, "behavior": "Isolated"}"#,
            #"the pattern "(?i:'s)|\p{L}+" at pre_tokenizer"#
        ),
        (#""post_processor": {"type": "Magic"}"#, #"the post-processor "Magic" at post_processor"#),
    ])
    func unknownComponents(section: String, component: String) throws {
        #expect(
            try failure(["tokenizer.json": "{\(section), \(Self.bpe)}"])
                == "FOLDER/tokenizer.json: \(component) is not supported")
    }

    @Test func unknownModels() throws {
        let wordLevel = #"{"model": {"type": "WordLevel", "vocab": {"a": 0}}}"#
        #expect(
            try failure(["tokenizer.json": wordLevel])
                == #"FOLDER/tokenizer.json: the model type "WordLevel" is not supported"#)
        let dropout = Self.bpe.replacingOccurrences(of: #""BPE","#, with: #""BPE", "dropout": 0.1,"#)
        #expect(try failure(["tokenizer.json": "{\(dropout)}"]).contains("model.dropout"))
        let prefixed = Self.bpe.replacingOccurrences(
            of: #""BPE","#, with: #""BPE", "continuing_subword_prefix": "@@","#)
        #expect(try failure(["tokenizer.json": "{\(prefixed)}"]).contains("continuing_subword_prefix"))
    }

    @Test func specialTokensThatAreNotThere() throws {
        let file = ["tokenizer.json": "{\(Self.bpe)}"]
        #expect(
            try failure(file, .clip)
                == #"FOLDER/tokenizer_config.json: the beginning token "<|startoftext|>" is not in the vocabulary"#)
        #expect(
            try failure(file.merging(["tokenizer_config.json": #"{"pad_token": "<nothing>"}"#]) { $1 })
                == #"FOLDER/tokenizer.json: the padding token "<nothing>" is not in the vocabulary"#)
        #expect(try failure(file, positions: 1) == "1 text positions leave no room for text beside 1 special tokens")
        #expect(try failure(file, positions: 2) == "none")
    }

    @Test func paddingSideAndFlagsOfTheConfiguration() throws {
        func ids(_ config: String, _ text: String) throws -> [Int] {
            let folder = try TemporaryFolder(["tokenizer.json": "{\(Self.bpe)}", "tokenizer_config.json": config])
            return try TokenizerLoader.load(folder: folder.path, family: .siglip, positions: 5).tokenize(text).ids
        }
        #expect(try ids("{}", "aB") == [2, 3, 4, 4, 4])
        #expect(try ids(#"{"padding_side": "left"}"#, "aB") == [4, 4, 4, 2, 3])
        #expect(try ids(#"{"do_lower_case": false}"#, "Ab") == [1, 3, 4, 4, 4])
        #expect(try ids(#"{"add_eos_token": false}"#, "ab") == [2, 4, 4, 4, 4])
        #expect(try ids(#"{"add_bos_token": true, "bos_token": {"content": "b"}}"#, "ab") == [1, 2, 3, 4, 4])
        #expect(
            try failure(["tokenizer.json": "{\(Self.bpe)}", "tokenizer_config.json": #"{"padding_side": "up"}"#])
                .contains("padding_side"))
    }

    @Test func canonicalTextsLosePunctuationAndUnderscoresPart() throws {
        let marks = Self.bpe.replacingOccurrences(of: #""<eos>""#, with: #"" ": 5, ".": 6, "_": 7, "!": 8, "<eos>""#)
        let folder = try TemporaryFolder(["tokenizer.json": "{\(marks)}"])
        func ids(_ text: String, canonicalizes: Bool) throws -> [Int] {
            try TokenizerLoader.load(
                folder: folder.path, family: .siglip, positions: 6, cleaning: canonicalizes ? .canonicalize : .none
            )
            .tokenize(text).ids
        }
        #expect(try ids("A.b!", canonicalizes: true) == ids("ab", canonicalizes: false))
        #expect(try ids(" a__b ", canonicalizes: true) == ids("a b", canonicalizes: false))
        #expect(try ids("A.b!", canonicalizes: false) != ids("ab", canonicalizes: false))
        #expect(try ids(" a__b ", canonicalizes: false) != ids("a b", canonicalizes: false))
        // SigLIP's own cleaning deletes underscores with the other punctuation.
        let unigram = TestData.model("siglip-small")
        func pieces(_ text: String, canonicalizes: Bool) throws -> [Int] {
            try TokenizerLoader.load(
                folder: unigram, family: .siglip, positions: 16, cleaning: canonicalizes ? .canonicalize : .none
            )
            .tokenize(text).ids
        }
        #expect(try pieces("a_dog", canonicalizes: true) == pieces("a dog", canonicalizes: false))
        #expect(try pieces("a_dog", canonicalizes: false) == pieces("adog", canonicalizes: false))
    }

    /// Canonically equivalent tokens are different tokens, and Swift's strings would join them.
    @Test func tokensAreComparedByTheirBytes() throws {
        let folder = try TemporaryFolder([
            "tokenizer.json":
                #"{"model": {"type": "BPE", "vocab": {"é": 0, "é": 1, "e": 2, "́": 3, "Å": 5, "Å": 6, "<eos>": 7, "<pad>": 8}, "merges": ["e ́"]}}"#
                .replacingOccurrences(of: #""é": 1"#, with: #""e\u0301": 1"#)
                .replacingOccurrences(of: #""Å": 6"#, with: #""\u212b": 6"#)
        ])
        let tokenizer = try TokenizerLoader.load(folder: folder.path, family: .siglip, positions: 6)
        #expect(tokenizer.vocabularySize == 8)
        #expect(try tokenizer.tokenize("\u{e9}e\u{301}").ids.prefix(3) == [0, 1, 7])
    }

    @Test func sentencePieceModelsThatAreNone() throws {
        for text in ["", "x", "no model at all", String(repeating: "\n\u{4}a", count: 100)] {
            #expect(
                try failure(["spiece.model": text]).hasPrefix("FOLDER/spiece.model: no SentencePiece model"), "\(text)")
        }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: TestData.model("siglip-small") + "/spiece.model"))
        for length in [1, 100, 1000, bytes.count / 2, bytes.count - 1] {
            let folder = try TemporaryFolder()
            try folder.write([UInt8](bytes.prefix(length)), to: "spiece.model")
            #expect(throws: TokenizerError.self) {
                try TokenizerLoader.load(folder: folder.path, family: .siglip, positions: 64)
            }
        }
    }

    @Test func tooLongATextIsRefused() throws {
        let text = String(repeating: "a ", count: 33_000)
        for model in OffsetTests.models {
            let tokenizer = try fixtureTokenizer(model)
            #expect(throws: TokenizerError.self) { try tokenizer.tokenize(text) }
        }
    }
}
