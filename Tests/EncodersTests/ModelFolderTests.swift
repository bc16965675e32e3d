import Encoders
import Foundation
import JSON
import Testing

@Suite("Model folders", .timeLimit(.minutes(10)))
struct ModelFolderTests {
    /// What loading a folder says is wrong.
    func message(_ folder: TemporaryFolder) -> String {
        defer { withExtendedLifetime(folder) {} }
        do {
            _ = try LoadedModel.load(folder: folder.path, precision: .f32)
            return "it loaded"
        } catch {
            return error.description
        }
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        let tower: String?
        let key: String, value: JSONValue
        let says: [String]
        var testDescription: String { "\(tower ?? "").\(key) = \(value)" }
    }

    /// `config.json` with one value replaced (or removed, for null).
    func edited(_ fixture: String, _ edit: Edit) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: fixture)
        var config = try JSONValue(contentsOf: "\(folder.path)/config.json").object!
        if let tower = edit.tower {
            var object = config[tower]!.object!
            object[edit.key] = edit.value == .null ? nil : edit.value
            config[tower] = .object(object)
        } else {
            config[edit.key] = edit.value == .null ? nil : edit.value
        }
        try folder.write("config.json", String(decoding: JSONValue.object(config).serialized(), as: UTF8.self))
        return folder
    }

    static let broken: [Edit] = [
        Edit(
            tower: nil, key: "model_type", value: .string("bert"),
            says: ["config.json", "model_type", "bert", "siglip"]),
        Edit(tower: nil, key: "model_type", value: .string("llava"), says: ["config.json", "model_type", "llava"]),
        Edit(tower: nil, key: "model_type", value: .null, says: ["config.json", "model_type", "missing"]),
        Edit(
            tower: "text_config", key: "hidden_act", value: .string("mish"),
            says: ["config.json", "text_config.hidden_act", "mish", "quick_gelu"]),
        Edit(
            tower: "vision_config", key: "num_attention_heads", value: .integer(5),
            says: ["vision_config.num_attention_heads", "96"]),
        Edit(
            tower: "vision_config", key: "hidden_size", value: .string("big"),
            says: ["vision_config.hidden_size", "integer"]),
        Edit(
            tower: "vision_config", key: "hidden_size", value: .integer(102),
            says: ["model.safetensors", "vision_model", "96", "102"]),
        Edit(tower: "vision_config", key: "patch_size", value: .integer(64), says: ["vision_config.patch_size", "48"]),
        Edit(
            tower: "vision_config", key: "num_hidden_layers", value: .integer(4),
            says: ["model.safetensors", "layers.3"]),
        Edit(tower: "vision_config", key: "image_size", value: .integer(64), says: ["preprocessor", "48", "64"]),
        Edit(tower: "text_config", key: "vocab_size", value: .integer(1000), says: ["tokenizer", "1035", "1000"]),
    ]

    @Test("A configuration that does not fit is refused, naming file and key; a list says so too", arguments: broken)
    func refused(_ edit: Edit) throws {
        let folder = try edited("clip-small", edit)
        let message = message(folder)
        for part in edit.says { #expect(message.contains(part), "\(message)") }
        let listed = try #require(LoadedModel.problem(folder: folder.path)).description
        for part in edit.says { #expect(listed.contains(part), "\(listed)") }
    }

    /// What is done to a folder's tokenizer, and what is then said of it.
    static let damagedTokenizers: [(fixture: String, old: String, new: String, says: String)] = [
        ("clip-small", #""type":"NFC""#, #""type":"Nmt""#, "Nmt"),
        ("clip-small", #""type":"BPE""#, #""type":"WordLevel""#, "WordLevel"),
        ("siglip2-small", #""merges""#, #""merged""#, "merges"),
    ]

    @Test(
        "A tokenizer that is not supported or broken is told by loading and by the list alike",
        arguments: damagedTokenizers)
    func tokenizers(fixture: String, old: String, new: String, says: String) throws {
        let folder = try TemporaryFolder(copying: fixture)
        let text = try String(contentsOfFile: "\(folder.path)/tokenizer.json", encoding: .utf8)
        let compact = try String(
            decoding: JSONValue(contentsOf: "\(folder.path)/tokenizer.json").serialized(), as: UTF8.self)
        let place = try #require(compact.range(of: old), "\(text.prefix(300))")
        try folder.write("tokenizer.json", compact.replacingCharacters(in: place, with: new))
        let message = message(folder)
        #expect(message.contains(says) && message.contains("tokenizer.json"), "\(message)")
        #expect(LoadedModel.problem(folder: folder.path)?.description == message)
    }

    @Test("What the file calls for and is not supported is told apart from what is broken")
    func unsupported() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        let compact = try String(
            decoding: JSONValue(contentsOf: "\(folder.path)/tokenizer.json").serialized(), as: UTF8.self)
        try folder.write(
            "tokenizer.json", compact.replacingOccurrences(of: #""type":"NFC""#, with: #""type":"Nmt""#))
        #expect {
            try LoadedModel.load(folder: folder.path)
        } throws: { error in
            if case .unsupported(let file, _)? = error as? ModelError { return file.hasSuffix("tokenizer.json") }
            return false
        }
    }

    @Test("Missing files are named, with what to do")
    func missingFiles() throws {
        let cases: [(String, [String])] = [
            ("config.json", ["config.json", "Hugging Face"]), ("model.safetensors", ["model.safetensors"]),
            ("tokenizer.json", ["tokenizer"]), ("preprocessor_config.json", ["preprocessor_config.json"]),
        ]
        for (file, parts) in cases {
            let folder = try TemporaryFolder(copying: "clip-small")
            try folder.remove(file)
            let message = message(folder)
            for part in parts + [folder.path] { #expect(message.contains(part), "\(message)") }
        }
    }

    @Test("What is called pytorch_model.bin and is none is told")
    func noPickle() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        try folder.rename("model.safetensors", "pytorch_model.bin")
        let message = message(folder)
        #expect(
            message.contains("pickle") && message.contains("zip archive") && message.contains(folder.path), "\(message)"
        )
    }

    @Test("A sparse configuration has the reference library's defaults")
    func defaults() throws {
        // Only the model type: the shapes then called for are ViT-B/32's.
        let folder = try TemporaryFolder(copying: "clip-small")
        try folder.write("config.json", #"{"model_type": "clip"}"#)
        try folder.write(
            "preprocessor_config.json",
            #"{"size": 224, "crop_size": 224, "resample": 3, "image_mean": [0,0,0], "image_std": [1,1,1]}"#)
        let message = message(folder)
        #expect(message.contains("[96]") && message.contains("[768]"), "\(message)")
    }

    @Test("A legacy object's defaults override the newer object too")
    func legacyDefaults() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        defer { withExtendedLifetime(folder) {} }
        let expected = try LoadedModel.load(folder: folder.path, precision: .f32).texts([sample(folder.path)])
        var config = try JSONValue(contentsOf: "\(folder.path)/config.json").object!
        // The legacy object says nothing of the activation, so that it is quick_gelu, whatever the newer object says.
        var text = config["text_config"]!.object!
        #expect((text["hidden_act"]?.string ?? "quick_gelu") == "quick_gelu")
        text["hidden_act"] = nil
        config["text_config_dict"] = .object(text)
        text["hidden_act"] = .string("gelu")
        config["text_config"] = .object(text)
        try folder.write("config.json", String(decoding: JSONValue.object(config).serialized(), as: UTF8.self))
        #expect(try LoadedModel.load(folder: folder.path, precision: .f32).texts([sample(folder.path)]) == expected)
    }

    @Test("Legacy text_config_dict and vision_config_dict override the newer objects")
    func legacyKeys() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        defer { withExtendedLifetime(folder) {} }
        let expected = try LoadedModel.load(folder: folder.path, precision: .f32).texts([sample(folder.path)])
        var config = try JSONValue(contentsOf: "\(folder.path)/config.json").object!
        for tower in ["text_config", "vision_config"] {
            config["\(tower)_dict"] = config[tower]
            config[tower] = .object(["hidden_size": .integer(7), "num_hidden_layers": .integer(90)])
        }
        try folder.write("config.json", String(decoding: JSONValue.object(config).serialized(), as: UTF8.self))
        #expect(try LoadedModel.load(folder: folder.path, precision: .f32).texts([sample(folder.path)]) == expected)
    }

    func sample(_ folder: String) throws -> TextItem {
        let model = try LoadedModel.load(folder: folder, precision: .f32)
        let tokens = try model.tokenizer.tokenize("a dog above a bicycle")
        return TextItem(text: try model.prepare(ids: tokens.ids, players: tokens.playerPositions))
    }

    @Test("SigLIP without its head takes the mean of the tokens")
    func withoutHead() throws {
        let fixture = Fixture(name: "siglip-small")
        let folder = try edited(
            "siglip-small", Edit(tower: "vision_config", key: "vision_use_head", value: .bool(false), says: []))
        defer { withExtendedLifetime(folder) {} }
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        let whole = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let pixels = try Reference(fixture).values("pixels")
        let found = try model.images([ImageItem(image: model.prepare(pixels: pixels))])[0]
        #expect(found != (try whole.images([ImageItem(image: whole.prepare(pixels: pixels))])[0]))
        #expect(found.count == 72 && found.allSatisfy(\.isFinite))
    }

    @Test("Shapes and names of a loaded model are its configuration's")
    func description() throws {
        let model = try LoadedModel.load(folder: Fixture(name: "siglip-small").folder, precision: .f32)
        #expect(
            model.family.name == "siglip" && model.family.probability == .sigmoid && model.dimension == 72
                && model.rows == 3 && model.columns == 3)
        #expect(model.imageHeight == 60 && model.imageWidth == 60 && model.patchSize == 20)
        #expect(model.textPositions == 64 && model.vocabulary == 408)
        #expect(model.residentBytes > 500_000 && model.loadMilliseconds > 0)
    }

    @Test("Inputs of wrong sizes are refused")
    func wrongInputs() throws {
        let model = try LoadedModel.load(folder: Fixture(name: "clip-small").folder, precision: .f32)
        #expect(throws: EncodeError.self) { try model.prepare(pixels: [0, 1]) }
        #expect(throws: EncodeError.self) { try model.prepare(ids: [], players: []) }
        #expect(throws: EncodeError.self) { try model.prepare(ids: [1034, 5000, 1035], players: [1]) }
        #expect(throws: EncodeError.self) { try model.prepare(ids: [1034, 5, 1035], players: [2]) }
        #expect(throws: EncodeError.self) { try model.prepare(ids: [1034, 5, 1035], players: [1, 1]) }
        let image = try model.prepare(pixels: [Float](repeating: 0.5, count: 3 * 48 * 48))
        #expect(throws: EncodeError.self) { try model.images([ImageItem(image: image, presence: [1])]) }
        let text = try model.prepare(ids: [1034, 5, 1035], players: [1])
        #expect(throws: EncodeError.self) { try model.texts([TextItem(text: text, presence: [])]) }
    }
}
