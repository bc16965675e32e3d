import Foundation

/// A folder in memory for subjects that read files. Files are written by one thread at a time: the fuzzer's, or a
/// test's.
struct Scratch: Sendable {
    static let shared = Scratch()

    let folder: String
    /// With the files of a whole model around the `config.json` of `folder`.
    let modelFolder: String
    /// With the files of an open_clip folder around the `open_clip_config.json` of `folder`.
    let openCLIPFolder: String
    /// For a `spiece.model`.
    let sentencePieceFolder: String

    private init() {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = "\(parent)/fixlipd-fuzz-\(getuid())-\(getpid())"
        modelFolder = folder + "/model"
        openCLIPFolder = folder + "/open_clip"
        sentencePieceFolder = folder + "/sentencepiece"
        let files = FileManager.default
        for folder in [modelFolder, openCLIPFolder, sentencePieceFolder] {
            try? files.createDirectory(atPath: folder, withIntermediateDirectories: true)
        }
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/clip-small").path
        for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"] {
            try? files.createSymbolicLink(atPath: "\(modelFolder)/\(name)", withDestinationPath: "\(fixture)/\(name)")
        }
        try? files.createSymbolicLink(
            atPath: "\(modelFolder)/config.json", withDestinationPath: "\(folder)/config.json")
        for name in ["tokenizer.json", "tokenizer_config.json"] {
            try? files.createSymbolicLink(
                atPath: "\(openCLIPFolder)/\(name)", withDestinationPath: "\(fixture)/\(name)")
        }
        try? files.createSymbolicLink(
            atPath: "\(openCLIPFolder)/open_clip_config.json", withDestinationPath: "\(folder)/open_clip_config.json")
        try? Data(Self.tower).write(to: URL(fileURLWithPath: "\(openCLIPFolder)/open_clip_model.safetensors"))
        atexit { try? FileManager.default.removeItem(atPath: Scratch.shared.folder) }
    }

    /// A weight file with what tells the sizes of a SigLIP tower.
    private static var tower: [UInt8] {
        let header = #"""
            {"visual.trunk.patch_embed.proj.weight":{"dtype":"F16","shape":[24,3,2,2],"data_offsets":[0,576]},\#
            "visual.trunk.blocks.0.mlp.fc1.bias":{"dtype":"F16","shape":[48],"data_offsets":[576,672]},\#
            "visual.trunk.blocks.0.norm1.weight":{"dtype":"F16","shape":[24],"data_offsets":[672,720]}}
            """#
        return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) } + header.utf8
            + [UInt8](repeating: 0, count: 720)
    }

    /// - Returns: the file's path.
    @discardableResult
    func write(_ bytes: [UInt8], to name: String) -> String {
        let path = "\(folder)/\(name)"
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "no scratch file \(path)")
        defer { close(descriptor) }
        precondition(bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
        return path
    }
}
