import Encoders
import Foundation
import JSON
import Testing

/// Folders as they are found, or made to do harm: files that are huge, special or hollow, and sizes that nothing has.
@Suite("Model folders that cannot be trusted", .timeLimit(.minutes(10)))
struct HostileFolderTests {
    /// What loading a folder says is wrong.
    private func problem(_ folder: TemporaryFolder) -> ModelError? {
        defer { withExtendedLifetime(folder) {} }
        do {
            _ = try LoadedModel.load(folder: folder.path, precision: .f32)
            return nil
        } catch {
            return error
        }
    }

    private func edited(_ fixture: String, _ changes: [(old: String, new: String)]) throws -> TemporaryFolder {
        let folder = try TemporaryFolder(copying: fixture)
        for file in ["config.json", "preprocessor_config.json"] {
            var text = try String(
                decoding: JSONValue(contentsOf: "\(folder.path)/\(file)").serialized(), as: UTF8.self)
            for (old, new) in changes { text = text.replacingOccurrences(of: old, with: new) }
            try folder.write(file, text)
        }
        return folder
    }

    @Test(
        "Sizes that no machine has room for are refused before anything is allocated, saying what they would take",
        arguments: [
            [(#""projection_dim":56"#, #""projection_dim":16777216"#)],
            [(#""intermediate_size":288"#, #""intermediate_size":16777216"#)],
            [(#""hidden_size":96"#, #""hidden_size":262146"#)],
            [(#""max_position_embeddings":18"#, #""max_position_embeddings":16777216"#)],
            [
                (#""image_size":48"#, #""image_size":16384"#), (#""patch_size":16"#, #""patch_size":2"#),
                (#""height":48"#, #""height":16384"#), (#""width":48"#, #""width":16384"#),
                (#""shortest_edge":48"#, #""shortest_edge":16384"#),
            ],
            [(#""num_hidden_layers":3"#, #""num_hidden_layers":16777216"#)],
        ])
    func absurdSizes(_ changes: [(old: String, new: String)]) throws {
        let folder = try edited("clip-small", changes)
        let error = try #require(problem(folder))
        guard case .memory = error else {
            Issue.record("\(error)")
            return
        }
        #expect("\(error)".contains(" GB") && "\(error)".contains(folder.path))
        #expect("\(try #require(LoadedModel.problem(folder: folder.path)))".contains("matrices"))
    }

    /// A file of this many bytes that takes no place on the disk.
    private func makeSparse(_ path: String, bytes: off_t) {
        let descriptor = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0o600)
        ftruncate(descriptor, bytes)
        close(descriptor)
    }

    @Test(
        "A file of gigabytes where a small one belongs is refused with its size, unread",
        arguments: [
            ("clip-small", "config.json"), ("clip-small", "tokenizer.json"), ("clip-small", "preprocessor_config.json"),
            ("clip-small", "tokenizer_config.json"), ("clip-small", "special_tokens_map.json"),
            ("clip-small", "processor_config.json"),
        ])
    func sparse(fixture: String, file: String) throws {
        let folder = try TemporaryFolder(copying: fixture)
        makeSparse("\(folder.path)/\(file)", bytes: 6 << 30)
        let message = "\(try #require(problem(folder)))"
        #expect(message.contains(file) && message.contains("6442450944"), "\(message)")
        #expect(LoadedModel.problem(folder: folder.path) != nil)
    }

    @Test("An index of gigabytes is refused unread")
    func sparseIndex() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        try folder.remove("model.safetensors")
        makeSparse("\(folder.path)/model.safetensors.index.json", bytes: 8 << 30)
        let message = "\(try #require(problem(folder)))"
        #expect(message.contains("index.json") && message.contains("8589934592"), "\(message)")
    }

    @Test(
        "What is not a regular file is refused as such, and never waited for",
        arguments: ["config.json", "tokenizer.json", "preprocessor_config.json", "model.safetensors"])
    func special(file: String) throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        try folder.remove(file)
        #expect(mkfifo("\(folder.path)/\(file)", 0o600) == 0)
        let message = "\(try #require(problem(folder)))"
        #expect(message.contains(file) && message.contains("not a regular file"), "\(message)")
        try folder.remove(file)
        try FileManager.default.createDirectory(atPath: "\(folder.path)/\(file)", withIntermediateDirectories: true)
        #expect("\(try #require(problem(folder)))".contains(file))
        try folder.remove(file)
        try FileManager.default.createSymbolicLink(atPath: "\(folder.path)/\(file)", withDestinationPath: file)
        #expect(problem(folder) != nil)
    }

    @Test("A byte order mark before a JSON file changes nothing")
    func byteOrderMark() throws {
        let fixture = Fixture(name: "clip-small")
        let folder = try TemporaryFolder(copying: "clip-small")
        for file in ["config.json", "tokenizer.json", "preprocessor_config.json"] {
            try folder.write(file, "\u{FEFF}" + folder.text(file))
        }
        let written = try #require(FileManager.default.contents(atPath: "\(folder.path)/config.json"))
        #expect(written.starts(with: [0xEF, 0xBB, 0xBF]))
        let text = "a dog above a bicycle"
        let ids = try [folder.path, fixture.folder].map {
            try LoadedModel.load(folder: $0, precision: .f32).tokenizer.tokenize(text).ids
        }
        #expect(ids[0] == ids[1])
    }

    /// Changes one f32 value of a tensor in the folder's weights.
    private func put(_ value: Float, at element: Int, of tensor: String, in folder: TemporaryFolder) throws {
        let path = "\(folder.path)/model.safetensors"
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        let length = try #require(try file.read(upToCount: 8)).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONValue(parsing: [UInt8](try #require(try file.read(upToCount: length))))
        let entry = try #require(header[tensor])
        try #require(entry["dtype"] == .string("F32"))
        try file.seek(toOffset: UInt64(8 + length + entry["data_offsets"]!.array![0].int! + 4 * element))
        try file.write(contentsOf: withUnsafeBytes(of: value.bitPattern.littleEndian) { Data($0) })
        try file.close()
    }

    @Test(
        "A NaN or an infinity in the weights is found at load and named by its tensor",
        arguments: [
            "vision_model.encoder.layers.1.self_attn.q_proj.weight", "text_model.encoder.layers.0.mlp.fc2.bias",
            "vision_model.embeddings.patch_embedding.weight", "vision_model.embeddings.class_embedding",
            "text_model.embeddings.position_embedding.weight", "vision_model.post_layernorm.weight",
            "text_projection.weight", "logit_scale",
        ], [Float.nan, -.infinity])
    func notFinite(tensor: String, value: Float) throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        let element = tensor == "logit_scale" ? 0 : 17
        try put(value, at: element, of: tensor, in: folder)
        let error = try #require(problem(folder))
        guard case .weights(let reason) = error else {
            Issue.record("\(error)")
            return
        }
        #expect(reason.contains("\"\(tensor)\"") && reason.contains("value \(element)"), "\(reason)")
        #expect(reason.contains("model.safetensors"), "\(reason)")
    }

    @Test("A NaN in the table of tokens, which stays in the file, is named when its token is read")
    func notFiniteToken() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        defer { withExtendedLifetime(folder) {} }
        let tensor = "text_model.embeddings.token_embedding.weight"
        let width = 48
        try put(.nan, at: 320 * width + 5, of: tensor, in: folder)
        let model = try LoadedModel.load(folder: folder.path, precision: .f32)
        _ = try model.prepare(ids: [1034, 321, 1035], players: [])
        #expect {
            try model.prepare(ids: [1034, 320, 1035], players: [])
        } throws: { error in
            guard case .weights(let reason)? = error as? EncodeError else { return false }
            return reason.contains(tensor) && reason.contains("value \(320 * width + 5)")
        }
    }

    @Test("A factor beyond 32-bit floats is refused by its tensor's name")
    func largeScale() throws {
        let folder = try TemporaryFolder(copying: "clip-small")
        try put(100, at: 0, of: "logit_scale", in: folder)
        let message = "\(try #require(problem(folder)))"
        #expect(
            message.contains("logit_scale") && message.contains("100") && message.contains("exponential"), "\(message)")
        try put(88, at: 0, of: "logit_scale", in: folder)
        #expect(problem(folder) == nil)
    }

    @Test("What a message repeats of a file is short, however long it is there")
    func shortMessages() throws {
        let long = String(repeating: "e\u{301}\u{302}", count: 400_000)
        let folder = try edited("clip-small", [(#""model_type":"clip""#, #""model_type":"\#(long)""#)])
        #expect("\(try #require(problem(folder)))".utf8.count < 10_000)
    }

    @Test("What the limits of a control group, and of those around it, leave")
    func controlGroups() {
        let files = [
            "/sys/fs/cgroup/a/b/memory.max": "max\n", "/sys/fs/cgroup/a/memory.max": "1000000\n",
            "/sys/fs/cgroup/a/memory.stat": "file 900\nanon 300000\n", "/sys/fs/cgroup/memory.max": "5000000\n",
        ]
        let left = { MachineMemory.leftInControlGroup(cgroup: $0, read: { files[$0] ?? "" }) }
        #expect(left("0::/a/b\n") == 700_000)
        #expect(left("0::/\n") == 5_000_000)
        #expect(left("1:memory:/a\n") == .max)
        #expect(MachineMemory.available > 1 << 26)
    }
}
