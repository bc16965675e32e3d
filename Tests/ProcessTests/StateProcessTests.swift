import Foundation
import JSON
import Testing

/// Games in the state folder over restarts of the daemon.
@Suite("The state folder", .serialized, .timeLimit(.minutes(10)))
struct StateProcessTests {
    private let folder: String
    private var state: String { folder + "/state" }

    init() throws { folder = try DaemonProcess.makeFolder() }

    /// One request to a daemon of its own, which then ends and keeps its games.
    private func ask(_ method: String, _ more: [String: JSONValue] = [:]) throws -> (result: JSONValue, log: String) {
        let parameters: JSONValue = [
            "image": .string(DaemonProcess.scenes + "/scene-03.png"), "text": "a rose",
            "model": .string(folder + "/model"),
        ]
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": .string(method), "params": parameters.adding(more),
        ]
        let run = try Command(
            ["serve", "--stdio", "--state", state, "--log-level", "warning"], folder: folder,
            input: try request.text() + "\n")
        return (try #require(try JSONValue(parsing: run.output)["result"]), run.errors)
    }

    private func explain() throws -> JSONValue {
        try FileManager.default.copyItem(atPath: DaemonProcess.models + "/demo", toPath: folder + "/model")
        return try ask("explain", ["budget": ["imageMasks": 40]]).result
    }

    private func open() throws -> (warm: Int, log: String) {
        let (result, log) = try ask("explanation/open")
        return (try #require(result["warm"]?["imageMasks"]?.int), log)
    }

    private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: state).sorted() }

    @Test("games are there after a restart, and nothing half-written beside them")
    func survive() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let before = try explain()
        let names = try files()
        #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix(".game") })
        let (warm, log) = try open()
        #expect(warm == 40 && !log.contains("dropped"))
        let after = try ask("explain", ["budget": ["imageMasks": 40]]).result
        #expect(after["values"] == before["values"])
        #expect(try files() == names)
    }

    @Test(
        "a file that is cut, empty or has a bit turned is dropped with a warning that names it",
        arguments: ["cut", "empty", "bit"])
    func damaged(kind: String) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try explain()
        for name in try files() {
            let path = state + "/" + name
            var data = try #require(FileManager.default.contents(atPath: path))
            switch kind {
            case "cut": data.removeLast(data.count / 3)
            case "empty": data = Data()
            default: data[data.count / 2] ^= 4
            }
            try data.write(to: URL(fileURLWithPath: path))
        }
        let names = try files()
        let (warm, log) = try open()
        #expect(warm == 0)
        #expect(log.contains("a kept game was dropped"))
        for name in names { #expect(log.contains(name)) }
    }

    @Test("games of a model whose weights have changed are dropped with a warning")
    func otherModel() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try explain()
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)],
            ofItemAtPath: folder + "/model/model.safetensors")
        let (warm, log) = try open()
        #expect(warm == 0)
        #expect(log.contains("another state of the model"))
    }

    @Test("files of two games that were exchanged are dropped with a warning that names them")
    func exchanged() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try explain()
        let first = try files()
        _ = try ask(
            "explain",
            ["budget": ["imageMasks": 40], "image": .string(DaemonProcess.scenes + "/scene-04.png"), "text": "a dog"])
        for name in first {
            // As many players, masks and bytes: only the name of the game tells them apart.
            let size = try #require(FileManager.default.contents(atPath: state + "/" + name)).count
            let other = try #require(
                try files().first {
                    !first.contains($0) && FileManager.default.contents(atPath: state + "/" + $0)?.count == size
                })
            try FileManager.default.moveItem(atPath: state + "/" + name, toPath: folder + "/kept")
            try FileManager.default.moveItem(atPath: state + "/" + other, toPath: state + "/" + name)
            try FileManager.default.moveItem(atPath: folder + "/kept", toPath: state + "/" + other)
        }
        let (warm, log) = try open()
        #expect(warm == 0)
        for name in first { #expect(log.contains(name)) }
        #expect(log.contains("not this game's"))
    }

    @Test("a game that has grown replaces its file")
    func grown() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try explain()
        let names = try files()
        let before = try names.map { try #require(FileManager.default.contents(atPath: state + "/" + $0)) }
        _ = try ask("explain", ["budget": ["imageMasks": 90]])
        #expect(try files() == names)
        #expect(try open().warm == 90)
        let after = try names.map { try #require(FileManager.default.contents(atPath: state + "/" + $0)) }
        #expect(zip(before, after).contains { $0.count < $1.count })
    }
}
