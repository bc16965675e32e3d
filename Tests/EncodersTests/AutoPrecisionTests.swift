import Encoders
import Foundation
import Tensors
import Testing

/// Where the processor has fast products of integers and nothing better, `auto` judges each model by itself.
@Suite(
    "auto decides by the model", .enabled(if: CPUFeatures.current.fastIntegers && !CPUFeatures.current.bf16),
    .timeLimit(.minutes(10)))
struct AutoPrecisionTests {
    /// clip-small with a vision tower of width 512 and random weights. The layer norms make the first channel `outlier`
    /// times as large as the others; the products that follow do not look at it, so in f32 it changes nothing.
    func wideModel(outlier: Float) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: "clip-small")
        let file = try SafetensorsFile(path: "\(folder.path)/model.safetensors")
        let width = 512
        var state: UInt64 = 7
        func random(_ count: Int, _ scale: Float) -> [Float] {
            (0..<count).map { _ in
                // Sums of uniform numbers are normal enough.
                (0..<4).reduce(Float(0)) { sum, _ in
                    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                    return sum + (Float(state >> 40) / Float(1 << 24) - 0.5)
                } * scale * 1.73
            }
        }
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        for name in file.names.sorted() where !name.hasPrefix("vision_model.") && name != "visual_projection.weight" {
            let shape = try #require(file.shape(name))
            tensors.append((name, shape, try file.tensor(name, shape: shape).floats()))
        }
        func linear(_ name: String, _ outputs: Int, _ inputs: Int, ignoresFirst: Bool) {
            var weights = random(outputs * inputs, 1 / Float(inputs).squareRoot())
            if ignoresFirst {
                for output in 0..<outputs { weights[output * inputs] = 0 }
            }
            tensors.append(("\(name).weight", [outputs, inputs], weights))
            tensors.append(("\(name).bias", [outputs], random(outputs, 0.05)))
        }
        func norm(_ name: String, _ first: Float) {
            tensors.append(("\(name).weight", [width], [first] + [Float](repeating: 1, count: width - 1)))
            tensors.append(("\(name).bias", [width], random(width, 0.05)))
        }
        tensors.append(("vision_model.embeddings.class_embedding", [width], random(width, 0.5)))
        tensors.append(
            ("vision_model.embeddings.patch_embedding.weight", [width, 3, 16, 16], random(width * 768, 0.07)))
        tensors.append(("vision_model.embeddings.position_embedding.weight", [10, width], random(10 * width, 0.5)))
        tensors.append(("visual_projection.weight", [56, width], random(56 * width, 0.04)))
        norm("vision_model.pre_layrnorm", 1)
        norm("vision_model.post_layernorm", 1)
        for layer in 0..<3 {
            let at = "vision_model.encoder.layers.\(layer)."
            norm(at + "layer_norm1", outlier)
            norm(at + "layer_norm2", outlier)
            for part in ["q_proj", "k_proj", "v_proj", "out_proj"] {
                linear(at + "self_attn." + part, width, width, ignoresFirst: part != "out_proj")
            }
            linear(at + "mlp.fc1", 2 * width, width, ignoresFirst: true)
            linear(at + "mlp.fc2", width, 2 * width, ignoresFirst: false)
        }
        let path = "\(folder.path)/config.json"
        var config = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        var vision = try #require(config["vision_config"] as? [String: Any])
        vision["hidden_size"] = width
        vision["intermediate_size"] = 2 * width
        vision["num_attention_heads"] = 8
        vision["num_hidden_layers"] = 3
        config["vision_config"] = vision
        try JSONSerialization.data(withJSONObject: config).write(to: URL(fileURLWithPath: path))
        try folder.remove("model.safetensors")
        try writeSafetensors(tensors, to: "\(folder.path)/model.safetensors")
        return folder
    }

    @Test("8-bit masks where rounding is small beside what masks change; whole inputs stay f32")
    func takesIntegers() throws {
        let folder = try wideModel(outlier: 1)
        let model = try LoadedModel.load(folder: folder.path)
        #expect(model.precision == .f32 && model.maskPrecision == .int8, "\(model.precisionReason)")
        #expect(model.precisionReason.contains("within 1.00%"))
    }

    @Test("f32 masks where one channel is so large that 8 bits leave nothing for the others")
    func refusesIntegers() throws {
        let folder = try wideModel(outlier: 3000)
        let model = try LoadedModel.load(folder: folder.path)
        #expect(model.precision == .f32 && model.maskPrecision == .f32, "\(model.precisionReason)")
        #expect(model.precisionReason.contains("above 1.00%"))
        #expect(model.residentBytes == (try LoadedModel.load(folder: folder.path, precision: .f32)).residentBytes)
        #expect(try LoadedModel.load(folder: folder.path, precision: .int8).maskPrecision == .int8)
    }

    @Test("f32 masks for a model too small to gain")
    func small() throws {
        let model = try LoadedModel.load(folder: Fixture(name: "clip-small").folder)
        #expect(model.maskPrecision == .f32)
        #expect(model.precisionReason.contains("small"))
    }
}
