import Encoders
import Foundation
import Tensors
import Testing

/// Only a tower's last block leaves out what the pooled row does not need. A block that adds nothing, put after it,
/// makes the last one compute every row.
@Suite("What the last block leaves out changes nothing", .timeLimit(.minutes(10)))
struct LastLayerTests {
    /// A fixture's model with one more block in each tower, whose outputs are all 0.
    func withIdleBlock(_ name: String) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: name)
        let file = try SafetensorsFile(path: "\(folder.path)/model.safetensors")
        var tensors: [(name: String, shape: [Int], values: [Float])] = []
        for name in file.names.sorted() {
            let shape = try #require(file.shape(name))
            tensors.append((name, shape, try file.tensor(name, shape: shape).floats()))
        }
        let path = "\(folder.path)/config.json"
        var config = try #require(
            JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))) as? [String: Any])
        for tower in ["vision", "text"] {
            var part = try #require(config["\(tower)_config"] as? [String: Any])
            let layers = try #require(part["num_hidden_layers"] as? Int)
            part["num_hidden_layers"] = layers + 1
            config["\(tower)_config"] = part
            let last = "\(tower)_model.encoder.layers.\(layers - 1)."
            tensors += tensors.filter { $0.name.hasPrefix(last) }.map { name, shape, values in
                let adds = name.contains("out_proj") || name.contains("fc2")
                return (
                    name.replacingOccurrences(of: last, with: "\(tower)_model.encoder.layers.\(layers)."), shape,
                    adds ? [Float](repeating: 0, count: values.count) : values
                )
            }
        }
        try JSONSerialization.data(withJSONObject: config).write(to: URL(fileURLWithPath: path))
        try folder.remove("model.safetensors")
        try writeSafetensors(tensors, to: "\(folder.path)/model.safetensors")
        return folder
    }

    @Test("Embeddings of masks are those of a last block that computes every row", arguments: Fixture.names)
    func everyRow(name: String) throws {
        let fixture = Fixture(name: name)
        let folder = try withIdleBlock(name)
        let reference = try Reference(fixture)
        let embeddings = try [fixture.folder, folder.path].map { folder in
            let model = try LoadedModel.load(folder: folder, precision: .f32)
            let image = try model.prepare(pixels: reference.values("pixels"))
            let text = try model.prepare(
                ids: reference.integers("text_ids"), players: reference.integers("text_players"))
            return try model.images(
                reference.masks("image_masks").flatMap { mask in
                    [ImageMasking.mean, .drop].map { ImageItem(image: image, presence: mask, masking: $0) }
                }, normalize: false)
                + model.texts(
                    reference.masks("text_masks").map { TextItem(text: text, presence: $0) }, normalize: false)
        }
        #expect(embeddings[0].count > 8)
        for (short, whole) in zip(embeddings[0], embeddings[1]) {
            #expect(relativeError(short, whole) < 1e-5)
        }
    }
}
