import Encoders
import Foundation
import Testing

@Suite("The hub cache", .timeLimit(.minutes(10)))
struct HubCacheTests {
    /// A cache with a whole model at `main` and `v2`, and one that is a pickle.
    func cache() throws -> (TemporaryFolder, HubCache) {
        let folder = try TemporaryFolder()
        let model = "\(folder.path)/models--org--small"
        let files = FileManager.default
        try files.createDirectory(atPath: "\(model)/snapshots", withIntermediateDirectories: true)
        try files.copyItem(atPath: Fixture(name: "clip-small").folder, toPath: "\(model)/snapshots/abc123")
        try folder.write("models--org--small/refs/main", "abc123")
        try folder.write("models--org--small/refs/release/v2", "abc123\n")
        try folder.write("models--other--pickle/refs/main", "def")
        try folder.write("models--other--pickle/snapshots/def/pytorch_model.bin", "x")
        try folder.write("models--other--pickle/snapshots/def/config.json", #"{"model_type": "clip"}"#)
        return (folder, HubCache(folder: folder.path))
    }

    @Test("A name is found by branch, tag or commit")
    func found() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        let snapshot = "\(folder.path)/models--org--small/snapshots/abc123"
        for name in ["org/small", "org/small@main", "org/small@release/v2", "org/small@abc123"] {
            #expect(try cache.folder(of: name) == snapshot)
        }
        #expect(try LoadedModel.load(folder: cache.folder(of: "org/small"), precision: .f32).dimension == 56)
    }

    @Test("What is absent is named with the command that downloads it")
    func absent() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        for (name, command) in [
            ("org/large", "hf download org/large"), ("org/small@v9", "hf download org/small --revision v9"),
        ] {
            #expect { try cache.folder(of: name) } throws: { error in
                "\(error)".contains(command) && "\(error)".contains(folder.path) && "\(error)".contains(name)
            }
        }
    }

    @Test("Without a reference the only snapshot is taken; of several, the error names them")
    func unreferenced() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        try folder.remove("models--org--small/refs/main")
        #expect(try cache.folder(of: "org/small") == "\(folder.path)/models--org--small/snapshots/abc123")
        #expect(throws: ModelError.self) { try cache.folder(of: "org/small@v9") }
        try folder.write("models--org--small/snapshots/def456/config.json", "{}")
        #expect {
            try cache.folder(of: "org/small")
        } throws: { error in
            ["org/small@abc123", "org/small@def456", "hf download org/small"].allSatisfy("\(error)".contains)
        }
        #expect(try cache.folder(of: "org/small@def456").hasSuffix("snapshots/def456"))
    }

    @Test("A reference of gigabytes, or one that is no file, holds nothing up", .timeLimit(.minutes(10)))
    func hugeReference() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        let main = "\(folder.path)/models--org--small/refs/main"
        truncate(main, 4 << 30)
        #expect(try cache.folder(of: "org/small").hasSuffix("abc123"))
        #expect(cache.entries().contains { $0.name == "org/small" && $0.revision == "release/v2" })
        try folder.remove("models--org--small/refs/main")
        #expect(mkfifo(main, 0o600) == 0)
        #expect(try cache.folder(of: "org/small").hasSuffix("abc123"))
    }

    @Test(
        "Names that are none, or that lead out of the cache, are refused",
        arguments: [
            "small", "/abs/path", "org/../x", "org/small@../../x", "a/b/c", "org/small@", "./org", "../x/y",
        ])
    func names(name: String) throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        #expect(!HubCache.isName(name))
        #expect(throws: ModelError.self) { try cache.folder(of: name) }
    }

    @Test("The list says what is there and what keeps it from being loaded")
    func list() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        let entries = cache.entries()
        try #require(
            entries.map { "\($0.name)@\($0.revision)" } == [
                "org/small@main", "org/small@release/v2", "other/pickle@main",
            ])
        #expect(entries[0].problem == nil)
        #expect("\(entries[2].problem!)".contains("other--pickle"))
        #expect(entries[2].reason?.hasPrefix("neither preprocessor_config.json") == true)
        #expect(HubCache(folder: "/nonexistent").entries().isEmpty)
    }

    @Test("A snapshot whose download was cut short says how to finish it")
    func incomplete() throws {
        let (folder, cache) = try cache()
        defer { withExtendedLifetime(folder) {} }
        for (file, link) in [("tokenizer.json", false), ("model.safetensors", true), ("config.json", false)] {
            try folder.remove("models--org--small/snapshots/abc123/\(file)")
            if link {
                // As the hub's library leaves it: a link to a blob that did not arrive.
                try FileManager.default.createSymbolicLink(
                    atPath: "\(folder.path)/models--org--small/snapshots/abc123/\(file)",
                    withDestinationPath: "../../blobs/0123")
            }
            let reason = try #require(cache.entries()[0].reason)
            #expect(reason.contains("hf download org/small") && !reason.contains(folder.path), "\(reason)")
        }
    }

    @Test("The environment names the cache, in the hub library's order")
    func environment() {
        #expect(
            HubCache(environment: ["HF_HUB_CACHE": "/a", "HUGGINGFACE_HUB_CACHE": "/b", "HF_HOME": "/c"]).folder == "/a"
        )
        #expect(HubCache(environment: ["HUGGINGFACE_HUB_CACHE": "/b", "HF_HOME": "/c"]).folder == "/b")
        #expect(HubCache(environment: ["HF_HOME": "/c", "XDG_CACHE_HOME": "/d"]).folder == "/c/hub")
        #expect(HubCache(environment: ["XDG_CACHE_HOME": "/d", "HOME": "/h"]).folder == "/d/huggingface/hub")
        #expect(HubCache(environment: ["HOME": "/h"]).folder == "/h/.cache/huggingface/hub")
    }
}
