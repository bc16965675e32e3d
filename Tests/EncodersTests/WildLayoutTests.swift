import Encoders
import Foundation
import JSON
import Tensors
import Testing

/// Folders as fine-tuned models are published: the same networks under other names and with other files.
@Suite("Layouts seen in the wild", .timeLimit(.minutes(10)))
struct WildLayoutTests {
    /// Embeddings of the fixture's pixels and first text.
    private func embeddings(_ model: LoadedModel, _ fixture: Fixture) throws -> [[Float]] {
        let pixels = try Reference(fixture).values("pixels")
        let ids = try fixture.expectedTexts()[0].ids
        return try model.images([ImageItem(image: model.prepare(pixels: pixels))])
            + model.texts([TextItem(text: model.prepare(ids: ids, players: []))])
    }

    private func change(_ folder: TemporaryFolder, _ edit: (inout JSONObject) -> Void) throws {
        var config = try #require(JSONValue(contentsOf: "\(folder.path)/config.json").object)
        edit(&config)
        try folder.write("config.json", String(decoding: JSONValue.object(config).serialized(), as: UTF8.self))
    }

    @Test("FashionCLIP: a configuration with every default of generation spelled out, and dictionaries that are null")
    func fashionCLIP() throws {
        let fixture = Fixture(name: "clip-legacy-eos")
        let folder = try TemporaryFolder(copying: fixture.name)
        defer { withExtendedLifetime(folder) {} }
        try change(folder) { config in
            config["_name_or_path"] = .string("openai/clip-vit-base-patch32")
            config["text_config_dict"] = .null
            config["vision_config_dict"] = .null
            config["torch_dtype"] = .string("float32")
            config["transformers_version"] = .null
            for tower in ["text_config", "vision_config"] {
                var values = config[tower]!.object!
                for key in ["bad_words_ids", "begin_suppress_tokens", "task_specific_params", "pruned_heads"] {
                    values[key] = .null
                }
                values["add_cross_attention"] = .bool(false)
                values["num_beams"] = .integer(1)
                values["dropout"] = .real(0)
                config[tower] = .object(values)
            }
        }
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        let plain = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        #expect(try embeddings(model, fixture) == embeddings(plain, fixture))
    }

    @Test("StreetCLIP: weights only as an old pickle, which has the positions' ids too")
    func streetCLIP() throws {
        let fixture = Fixture(name: "clip-legacy-eos")
        let folder = try TemporaryFolder(copying: fixture.name)
        defer { withExtendedLifetime(folder) {} }
        try folder.remove("model.safetensors")
        try FileManager.default.copyItem(
            atPath: "\(Fixture.root)/clip-old-pickle.bin", toPath: "\(folder.path)/pytorch_model.bin")
        try change(folder) { $0["model_type"] = .string("clip") }
        let preprocessor = try folder.text("preprocessor_config.json")
        try folder.write(
            "preprocessor_config.json",
            preprocessor.replacingOccurrences(of: "image_processor_type", with: "feature_extractor_type")
                .replacingOccurrences(of: "CLIPImageProcessorFast", with: "CLIPFeatureExtractor")
                .replacingOccurrences(of: "CLIPImageProcessor", with: "CLIPFeatureExtractor"))
        #expect(LoadedModel.problem(folder: folder.path) == nil)
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        let plain = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        #expect(try embeddings(model, fixture) == embeddings(plain, fixture))
    }

    @Test("Marqo's fashion models: open_clip's files beside a class of their own with the same weights, renamed")
    func marqo() throws {
        let fixture = Fixture(name: "pe-core-small")
        let folder = try TemporaryFolder(copying: fixture.name)
        defer { withExtendedLifetime(folder) {} }
        try folder.write(
            "config.json",
            #"{"architectures": ["MarqoFashionSigLIP"], "auto_map": {"AutoModel": "marqo_fashionSigLIP.MarqoFashionSigLIP"}}"#
        )
        try writeSafetensors([("model.logit_scale", [], [3])], to: "\(folder.path)/model.safetensors")
        #expect(LoadedModel.problem(folder: folder.path) == nil)
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        let reference = try Reference(fixture)
        let found = try model.images(
            [ImageItem(image: model.prepare(pixels: reference.values("pixels")))], normalize: false)[0]
        #expect(try relativeError(found, reference.values("image")) < 1e-5)
    }

    @Test("LongCLIP: 248 positions, of which those behind the twentieth are interpolated")
    func longCLIP() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        defer { withExtendedLifetime(folder) {} }
        let file = try SafetensorsFile(path: "\(folder.path)/model.safetensors")
        let positions = "text_model.embeddings.position_embedding.weight"
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        for name in file.names.sorted() {
            let shape = try #require(file.shape(name))
            let values = try file.tensor(name, shape: shape).floats()
            guard name == positions else {
                tensors.append((name, shape, values))
                continue
            }
            let (rows, columns, kept) = (shape[0], shape[1], 6)
            let stretched = (0..<248).flatMap { row -> [Float] in
                guard row >= kept else { return Array(values[row * columns..<(row + 1) * columns]) }
                let place = Float(kept) + Float(row - kept) * Float(rows - 1 - kept) / Float(247 - kept)
                let below = min(Int(place), rows - 2)
                return (0..<columns).map { column in
                    let (a, b) = (values[below * columns + column], values[(below + 1) * columns + column])
                    return a + (place - Float(below)) * (b - a)
                }
            }
            tensors.append((name, [248, columns], stretched))
        }
        try folder.remove("model.safetensors")
        try writeSafetensors(tensors, to: "\(folder.path)/model.safetensors")
        let without = LoadedModel.problem(folder: folder.path)
        #expect(without.map { "\($0)".contains("[248, 48]") && "\($0)".contains("[18, 48]") } == true)
        try change(folder) { config in
            var text = config["text_config"]!.object!
            text["max_position_embeddings"] = .integer(248)
            config["text_config"] = .object(text)
        }
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        #expect(model.textPositions == 248)
        let text = (0..<100).map { _ in "a dog" }.joined(separator: " ")
        let tokens = try model.tokenizer.tokenize(text)
        #expect(!tokens.truncated && tokens.ids.count > 77 && tokens.playerPositions.count == tokens.ids.count - 2)
        let prepared = try model.prepare(ids: tokens.ids, players: tokens.playerPositions)
        let masks = [[UInt8](repeating: 1, count: prepared.players), (0..<prepared.players).map { UInt8($0 % 2) }]
        let found = try model.texts(masks.map { TextItem(text: prepared, presence: $0) })
        #expect(found[0] != found[1] && abs(dot(found[0], found[0]) - 1) < 1e-5)
        // Short texts have the embeddings of the model that was stretched.
        let short = try model.tokenizer.tokenize("a dog").ids
        let old = try LoadedModel.load(folder: Fixture(name: "clip-small").folder, precision: .f32)
        #expect(
            try model.texts([TextItem(text: model.prepare(ids: short, players: []))])
                == old.texts([TextItem(text: old.prepare(ids: short, players: []))]))
    }

    @Test(
        "A tokenizer of another family gets one clear error",
        arguments: [
            ("clip-small", "chinese-clip-small", "WordPiece"), ("metaclip-2-small", "clip-small", "BPE"),
            ("altclip-small", "chinese-clip-small", "WordPiece"), ("chinese-clip-small", "altclip-small", "unigram"),
            ("siglip2-naflex-small", "chinese-clip-small", "<eos>"),
            ("biomedclip-small", "xlm-roberta-small", "unigram"),
        ])
    func otherTokenizer(name: String, other: String, says: String) throws {
        let folder = try TemporaryFolder(copying: name)
        defer { withExtendedLifetime(folder) {} }
        for file in ["tokenizer.json", "tokenizer_config.json"] {
            try folder.write(
                file, try String(contentsOfFile: "\(Fixture(name: other).folder)/\(file)", encoding: .utf8))
        }
        let problem = try #require(LoadedModel.problem(folder: folder.path))
        #expect("\(problem)".contains(folder.path) && "\(problem)".contains(says), "\(problem)")
        #expect(throws: ModelError.self) { try LoadedModel.load(folder: folder.path, precision: .f32) }
    }

    @Test(
        "open_clip's towers of other kinds are refused by their kind",
        arguments: [
            ("convnext_base", "ConvNeXt"), ("fastvit_mci2", "FastViT"), ("vitamin_large_224", "ViTamin"),
            ("resnet50", "ResNet"), ("eva02_enormous_patch14_clip_224", "not supported"),
        ])
    func otherTowers(tower: String, says: String) throws {
        let folder = try TemporaryFolder(copying: "eva02-clip-small")
        defer { withExtendedLifetime(folder) {} }
        try folder.write(
            "open_clip_config.json",
            try folder.text("open_clip_config.json").replacingOccurrences(
                of: "eva02_base_patch16_clip_224", with: tower))
        let problem = try #require(LoadedModel.problem(folder: folder.path))
        #expect("\(problem)".contains("timm_model_name") && "\(problem)".contains(says), "\(problem)")
    }

    @Test("A summary says what a folder holds")
    func summary() throws {
        let folder = try TemporaryFolder(copying: "biomedclip-small")
        defer { withExtendedLifetime(folder) {} }
        try folder.write("README.md", "---\nlicense: mit\nlanguage:\n- en\n- 'zh'\ntags:\n- clip\n---\nText")
        let summary = try LoadedModel.summary(folder: folder.path)
        #expect(summary.architecture == "open_clip")
        #expect((summary.imageSize, summary.grid, summary.patchSize) == (64, 4, 16))
        #expect((summary.width, summary.dimension, summary.textPositions) == (128, 40, 24))
        #expect(summary.textKind == "two-sided, WordPiece")
        #expect(summary.languages == ["en", "zh"])
        #expect(summary.fileBytes > 100_000)
        let naflex = try LoadedModel.summary(folder: Fixture(name: "siglip2-naflex-small").folder)
        #expect((naflex.architecture, naflex.mostPatches, naflex.textKind) == ("siglip2", 15, "two-sided, BPE"))
        #expect(naflex.languages.isEmpty)
    }

    @Test(
        "A card's languages: one, in brackets, one a line, or none",
        arguments: [
            ("---\nlanguage: en\n---", ["en"]), ("---\nlanguage: [en, de]\n---", ["en", "de"]), ("language: en", []),
            ("---\nlicense: mit\n---\nlanguage: en", []),
            ("---\nlanguage:\n  - fr\n  - multilingual\n---", ["fr", "multilingual"]),
            ("---\nlanguage: \"<b>\"\n---", []),
        ])
    func languages(card: String, expected: [String]) throws {
        let folder = try TemporaryFolder()
        defer { withExtendedLifetime(folder) {} }
        try folder.write("README.md", card)
        #expect(ModelCard.languages("\(folder.path)/README.md") == expected)
    }
}
