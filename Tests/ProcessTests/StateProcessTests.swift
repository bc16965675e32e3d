import FIxLIPProtocol
import Foundation
import JSON
import Testing

/// Games in the state folder over restarts of the daemon.
@Suite("The state folder", .serialized, .timeLimit(.minutes(10)))
struct StateProcessTests {
    private let folder: String
    private var state: String { folder + "/state" }

    init() throws { folder = try DaemonProcess.makeFolder() }

    private func question(_ scene: String = "scene-03", _ text: String = "a rose") -> ExplanationOpen.Parameters {
        .init(
            model: folder + "/model", image: ImageInput(.path("\(DaemonProcess.scenes)/\(scene).png")), text: text)
    }

    /// One request to a daemon of its own, which then ends and keeps its games.
    private func ask<Method: RequestMethod>(
        _ method: Method.Type, _ parameters: Method.Parameters
    ) throws -> (result: Method.Result, log: String) {
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": .string(Method.name), "params": try JSONValue(encoding: parameters),
        ]
        let run = try Command(
            ["serve", "--stdio", "--state", state, "--log-level", "warning"], folder: folder,
            input: try request.text() + "\n")
        return (try #require(try WireMessage(parsing: run.output).result(of: method)), run.errors)
    }

    private func explain(_ open: ExplanationOpen.Parameters? = nil, masks: Int = 40) throws -> Explain.Result {
        try ask(
            Explain.self,
            .init(open: open ?? question(), rules: RefinementRules(budget: Budget(imageMasks: masks)))
        ).result
    }

    /// The first explanation, by a copy of the demo model.
    private func begin() throws -> Explain.Result {
        try FileManager.default.copyItem(atPath: DaemonProcess.models + "/demo", toPath: folder + "/model")
        return try explain()
    }

    private func open() throws -> (warm: Int, log: String) {
        let (result, log) = try ask(ExplanationOpen.self, question())
        return (result.warm.imageMasks, log)
    }

    private func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: state).sorted() }

    @Test("games are there after a restart, and nothing half-written beside them")
    func survive() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let before = try begin()
        let names = try files()
        #expect(names.count == 2 && names.allSatisfy { $0.hasSuffix(".game") })
        let (warm, log) = try open()
        #expect(warm == 40 && !log.contains("dropped"))
        #expect(try explain().values == before.values)
        #expect(try files() == names)
    }

    @Test(
        "a file that is cut, empty or has a bit turned is dropped with a warning that names it",
        arguments: ["cut", "empty", "bit"])
    func damaged(kind: String) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        _ = try begin()
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
        _ = try begin()
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
        _ = try begin()
        let first = try files()
        _ = try explain(question("scene-04", "a dog"))
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
        _ = try begin()
        let names = try files()
        let before = try names.map { try #require(FileManager.default.contents(atPath: state + "/" + $0)) }
        _ = try explain(masks: 90)
        #expect(try files().filter { $0.hasSuffix(".game") } == names)
        #expect(try open().warm == 90)
        let after = try names.map { try #require(FileManager.default.contents(atPath: state + "/" + $0)) }
        #expect(zip(before, after).contains { $0.count < $1.count })
    }
}
