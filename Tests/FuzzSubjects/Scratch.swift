import Foundation

/// A folder in memory for subjects that read files. Files are written by one thread at a time: the fuzzer's, or a test's.
struct Scratch: Sendable {
    static let shared = Scratch()

    let folder: String
    /// With the files of a whole model around the `config.json` of `folder`.
    let modelFolder: String

    private init() {
        let parent = FileManager.default.fileExists(atPath: "/dev/shm") ? "/dev/shm" : NSTemporaryDirectory()
        folder = "\(parent)/fixlipd-fuzz-\(getuid())-\(getpid())"
        modelFolder = folder + "/model"
        let files = FileManager.default
        try? files.createDirectory(atPath: modelFolder, withIntermediateDirectories: true)
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/clip-small").path
        for name in ["model.safetensors", "tokenizer.json", "tokenizer_config.json", "preprocessor_config.json"] {
            try? files.createSymbolicLink(atPath: "\(modelFolder)/\(name)", withDestinationPath: "\(fixture)/\(name)")
        }
        try? files.createSymbolicLink(atPath: "\(modelFolder)/config.json", withDestinationPath: "\(folder)/config.json")
        atexit { try? FileManager.default.removeItem(atPath: Scratch.shared.folder) }
    }

    func write(_ bytes: [UInt8], to name: String) {
        let descriptor = open("\(folder)/\(name)", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        precondition(descriptor >= 0, "no scratch file \(folder)/\(name)")
        defer { close(descriptor) }
        precondition(bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } == bytes.count)
    }
}
