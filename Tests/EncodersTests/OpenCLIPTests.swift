import Encoders
import Foundation
import Tensors
import Testing

@Suite("open_clip folders", .timeLimit(.minutes(10)))
struct OpenCLIPTests {
    /// clip-small's weights in open_clip's layout.
    func folder(config: String = Self.config, prefix: String = "") throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: "clip-small")
        let file = try SafetensorsFile(path: "\(folder.path)/model.safetensors")
        func read(_ name: String) throws -> (shape: [Int], values: [Float]) {
            let shape = try #require(file.shape(name))
            return (shape, try file.tensor(name, shape: shape).floats())
        }
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        for name in file.names.sorted() {
            var (shape, values) = try read(name)
            var target = name
            if name.contains("k_proj") || name.contains("v_proj") { continue }
            if name.contains("q_proj") {
                for other in ["k_proj", "v_proj"] {
                    values += try read(name.replacingOccurrences(of: "q_proj", with: other)).values
                }
                shape[0] *= 3
                target = target.replacingOccurrences(of: "self_attn.q_proj.", with: "attn.in_proj_")
            }
            if name.contains("projection") {
                values = (0..<values.count).map { values[$0 % shape[0] * shape[1] + $0 / shape[0]] }
                shape.reverse()
            }
            for (old, new) in Self.names { target = target.replacingOccurrences(of: old, with: new) }
            if !target.hasPrefix("visual") && !target.hasPrefix("logit") { target = prefix + target }
            tensors.append((target, shape, values))
        }
        try folder.remove("model.safetensors")
        try folder.remove("config.json")
        try folder.remove("preprocessor_config.json")
        try writeSafetensors(tensors, to: "\(folder.path)/open_clip_model.safetensors")
        try folder.write("open_clip_config.json", config)
        return folder
    }

    static let names = [
        ("visual_projection.weight", "visual.proj"), ("text_projection.weight", "text_projection"),
        ("vision_model.embeddings.patch_embedding", "visual.conv1"),
        ("vision_model.embeddings.class_embedding", "visual.class_embedding"),
        ("vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
        ("text_model.embeddings.token_embedding", "token_embedding"),
        ("text_model.embeddings.position_embedding.weight", "positional_embedding"),
        ("vision_model.pre_layrnorm", "visual.ln_pre"),
        ("vision_model.post_layernorm", "visual.ln_post"), ("text_model.final_layer_norm", "ln_final"),
        ("vision_model.encoder.layers", "visual.transformer.resblocks"),
        ("text_model.encoder.layers", "transformer.resblocks"),
        ("layer_norm1", "ln_1"), ("layer_norm2", "ln_2"), ("self_attn.out_proj", "attn.out_proj"),
        ("mlp.fc1", "mlp.c_fc"),
        ("mlp.fc2", "mlp.c_proj"),
    ]

    static let config = """
        {"model_cfg": {"embed_dim": 56, "quick_gelu": true,
          "vision_cfg": {"image_size": 48, "layers": 3, "width": 96, "head_width": 16, "patch_size": 16, "mlp_ratio": 3.0},
          "text_cfg": {"context_length": 18, "vocab_size": 1036, "width": 48, "heads": 3, "layers": 2}},
         "preprocess_cfg": {"mean": [0.48145466, 0.4578275, 0.40821073], "std": [0.26862954, 0.26130258, 0.27577711]}}
        """

    @Test("The same weights give the same embeddings", arguments: ["", "text."])
    func same(prefix: String) throws {
        let fixture = Fixture(name: "clip-small")
        let expected = try LoadedModel.load(folder: fixture.folder, precision: .f32)
        let folder = try folder(prefix: prefix)
        defer { withExtendedLifetime(folder) {} }
        #expect(LoadedModel.problem(folder: folder.path) == nil)
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        let pixels = try Reference(fixture).values("pixels")
        let ids = try fixture.expectedTexts()[0].ids
        for (a, b) in [
            (
                try model.images([ImageItem(image: model.prepare(pixels: pixels))]),
                try expected.images([ImageItem(image: expected.prepare(pixels: pixels))])
            ),
            (
                try model.texts([TextItem(text: model.prepare(ids: ids, players: []))]),
                try expected.texts([TextItem(text: expected.prepare(ids: ids, players: []))])
            ),
        ] { #expect(a == b) }
        #expect(model.logitScale == expected.logitScale)
        #expect(model.preprocessor.resize == expected.preprocessor.resize)
        #expect(model.preprocessor.crop == expected.preprocessor.crop)
        #expect(model.preprocessor.normalization == expected.preprocessor.normalization)
    }

    @Test("Without quick_gelu the activation is GELU")
    func activation() throws {
        let quick = try folder()
        let plain = try folder(config: Self.config.replacingOccurrences(of: "\"quick_gelu\": true,", with: ""))
        defer { withExtendedLifetime((quick, plain)) {} }
        let embeddings = try [quick, plain].map { folder in
            let model = try LoadedModel.load(folder: folder.path, precision: .f32)
            return try model.texts([TextItem(text: model.prepare(ids: [1034, 320, 713, 1035], players: []))])[0]
        }
        #expect(embeddings[0] != embeddings[1])
        #expect(dot(embeddings[0], embeddings[1]) > 0.98)
    }

    @Test(
        "Towers of other libraries and other networks are refused, naming the key",
        arguments: [
            (
                "\"layers\": 3", "\"timm_model_name\": \"convnext_base\", \"layers\": 3",
                "model_cfg.vision_cfg.timm_model_name"
            ),
            (
                "\"layers\": 3", "\"timm_model_name\": \"vit_base_patch16_siglip_gap_224\", \"layers\": 3",
                "model_cfg.vision_cfg.timm_model_name"
            ),
            (
                "\"context_length\"", "\"hf_model_name\": \"roberta-base\", \"context_length\"",
                "model_cfg.text_cfg.hf_model_name"
            ),
            ("\"layers\": 3", "\"layers\": [3, 4, 6, 3]", "model_cfg.vision_cfg.layers"),
            ("\"layers\": 3", "\"layers\": 3, \"attentional_pool\": true", "model_cfg.vision_cfg.attentional_pool"),
            (
                "\"layers\": 3", "\"layers\": 3, \"global_average_pool\": true",
                "model_cfg.vision_cfg.global_average_pool"
            ),
            ("\"mlp_ratio\": 3.0", "\"mlp_ratio\": 1e30", "model_cfg.vision_cfg.mlp_ratio"),
            ("\"mlp_ratio\": 3.0", "\"mlp_ratio\": 1e300", "model_cfg.vision_cfg.mlp_ratio"),
            ("\"mlp_ratio\": 3.0", "\"mlp_ratio\": -1", "model_cfg.vision_cfg.mlp_ratio"),
            ("\"heads\": 3", "\"heads\": 3, \"mlp_ratio\": 1e30", "model_cfg.text_cfg.mlp_ratio"),
        ])
    func refused(old: String, new: String, key: String) throws {
        let folder = try folder(config: Self.config.replacingOccurrences(of: old, with: new))
        defer { withExtendedLifetime(folder) {} }
        #expect {
            try LoadedModel.load(folder: folder.path, precision: .f32)
        } throws: { error in
            "\(error)".contains(key) && "\(error)".contains("open_clip_config.json")
        }
    }

    @Test(
        "Sizes that a SigLIP tower's tensors cannot have are refused",
        arguments: [[24, 3, 16, 0], [0, 3, 16, 16], [24, 3, 16, 8]])
    func siglipShapes(patches: [Int]) throws {
        let folder = try folder(config: Self.siglip)
        defer { withExtendedLifetime(folder) {} }
        let trunk = "visual.trunk."
        try writeSafetensors(
            [
                (trunk + "patch_embed.proj.weight", patches, [Float](repeating: 0, count: patches.reduce(1, *))),
                (trunk + "blocks.0.mlp.fc1.bias", [48], [Float](repeating: 0, count: 48)),
            ], to: "\(folder.path)/open_clip_model.safetensors")
        let problem = LoadedModel.problem(folder: folder.path)
        #expect(
            problem.map { "\($0)".contains("patch_embed of shape \(patches)") } == true,
            "\(String(describing: problem))")
    }

    static let siglip = """
        {"model_cfg": {"embed_dim": 768,
          "vision_cfg": {"timm_model_name": "vit_base_patch16_siglip_224", "timm_pool": "map", "timm_proj": "none"},
          "text_cfg": {"no_causal_mask": true, "proj_bias": true, "pool_type": "last"}}}
        """

    @Test(
        "A SigLIP tower that is not what SigLIP's is, or that the weights lack, is refused by key",
        arguments: [
            ("", "", "model_cfg.vision_cfg.timm_model_name"), ("\"map\"", "\"avg\"", "model_cfg.vision_cfg.timm_pool"),
            ("\"none\"", "\"linear\"", "model_cfg.vision_cfg.timm_proj"),
            ("\"no_causal_mask\": true", "\"no_causal_mask\": false", "model_cfg.text_cfg.no_causal_mask"),
            ("\"proj_bias\": true, ", "", "model_cfg.text_cfg.proj_bias"),
            ("\"last\"", "\"argmax\"", "model_cfg.text_cfg.pool_type"),
            (
                "\"no_causal_mask\"", "\"tokenizer_kwargs\": {\"clean\": \"lower\"}, \"no_causal_mask\"",
                "model_cfg.text_cfg.tokenizer_kwargs.clean"
            ),
        ])
    func siglipRefused(old: String, new: String, key: String) throws {
        let folder = try folder(
            config: old.isEmpty ? Self.siglip : Self.siglip.replacingOccurrences(of: old, with: new))
        defer { withExtendedLifetime(folder) {} }
        #expect {
            try LoadedModel.load(folder: folder.path, precision: .f32)
        } throws: { error in
            "\(error)".contains(key) && "\(error)".contains("open_clip_config.json")
        }
    }
}
