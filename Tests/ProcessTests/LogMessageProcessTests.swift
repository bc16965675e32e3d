import Foundation
import JSON
import JSONRPC
import Testing

/// `window/logMessage` from the real program over its socket.
@Suite("Log messages to clients", .serialized, .timeLimit(.minutes(10)))
struct LogMessageProcessTests {
    /// Parameters of `window/logMessage`.
    private struct LogMessage: Decodable {
        let type: Int
        let message: String
    }

    /// A connection that has said `initialize`.
    private func introduced(_ daemon: DaemonProcess, trace: String = "off") throws -> RPCClient {
        let client = try daemon.connect()
        _ = try client.call("initialize", params: ["clientInfo": ["name": "tests"], "trace": .string(trace)])
        return client
    }

    /// The log messages that come before a reply: their types and texts.
    private func messages(
        _ client: RPCClient, _ method: String = "server/ping", _ params: JSONValue = [:]
    ) throws -> [(type: Int, text: String)] {
        var found: [(type: Int, text: String)] = []
        _ = try client.call(method, params: params) { notified, params in
            guard notified == "window/logMessage" else { return }
            guard let message = try? params.decode(LogMessage.self) else { return }
            found.append((message.type, message.message))
        }
        return found
    }

    @Test("a kept game that is dropped is told to every client that has said initialize, and to no other")
    func droppedGame() throws {
        let folder = try DaemonProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let state = folder + "/state"
        let opening: JSONValue = ["image": .string(DaemonProcess.scenes + "/scene-03.png"), "text": "a rose"]
        let request: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": "explain",
            "params": [
                "image": .string(DaemonProcess.scenes + "/scene-03.png"), "text": "a rose",
                "budget": ["imageMasks": 40],
            ],
        ]
        _ = try Command(["serve", "--stdio", "--state", state], folder: folder, input: try request.text() + "\n")
        let files = try FileManager.default.contentsOfDirectory(atPath: state)
        #expect(files.count == 2)
        for name in files { try Data("damaged".utf8).write(to: URL(fileURLWithPath: "\(state)/\(name)")) }

        let daemon = try DaemonProcess(["--state", state])
        let asking = try introduced(daemon)
        let other = try introduced(daemon)
        let silent = try daemon.connect()
        #expect(try messages(silent).isEmpty)
        let told = try messages(asking, "explanation/open", opening)
        #expect(told.count == 2)
        for (name, message) in zip(files.sorted(), told.sorted { $0.text < $1.text }) {
            #expect(message.type == 2)
            #expect(message.text.contains("a kept game was dropped") && message.text.contains(name))
        }
        #expect(try messages(other).map(\.text).sorted() == told.map(\.text).sorted())
        #expect(try messages(silent).isEmpty)
    }

    @Test("a model that is loaded and unloaded is told to clients that trace")
    func models() throws {
        let daemon = try DaemonProcess()
        let tracing = try introduced(daemon, trace: "messages")
        let plain = try introduced(daemon)
        let model: JSONValue = ["model": .string(DaemonProcess.fixtures + "/clip-small")]
        let loaded = try messages(plain, "models/load", model)
        let unloaded = try messages(plain, "models/unload", model)
        #expect(loaded.isEmpty && unloaded.isEmpty)
        let told = try messages(tracing)
        #expect(told.map(\.type) == [3, 3])
        #expect(told.first?.text.hasPrefix("model loaded (") == true)
        #expect(told.last?.text.contains("reason: asked by a client") == true)
        #expect(told.allSatisfy { $0.text.contains("clip-small") })
    }

    @Test("a slow request is told to the client whose it was")
    func slowRequest() throws {
        let daemon = try DaemonProcess(["--slow-request-log", "0", "--log-level", "error"])
        let first = try introduced(daemon)
        let second = try introduced(daemon)
        _ = try first.call("models/list")
        let told = try messages(first)
        #expect(
            told.contains {
                $0.type == 2 && $0.text.hasPrefix("slow request: models/list ") && $0.text.contains("queue")
            })
        #expect(try !messages(second).contains { $0.text.contains("models/list") })
    }
}
