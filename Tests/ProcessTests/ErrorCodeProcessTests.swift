import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

/// Each code of `protocol/errors.json`, as the real program gives it.
@Suite("Every documented error code", .serialized, .timeLimit(.minutes(10)))
struct ErrorCodeProcessTests {
    private static let scenePath = DaemonProcess.scenes + "/scene-03.png"
    private let scene = JSONValue.string(scenePath)

    @Test("is given for what it is said to mean")
    func codes() throws {
        let daemon = try DaemonProcess(["--game-memory", "1", "--image-root", DaemonProcess.repository])
        let client = try daemon.connect()
        let opened = try client.call(
            ExplanationOpen.self, .init(image: ImageInput(.path(Self.scenePath)), text: "a rose"))
        let explanation = JSONValue.string(opened.explanation)

        var seen: [Int: RPCError] = [:]
        func expect(_ code: Int, _ error: RPCError?, _ comment: Comment) {
            #expect(error?.code == code, comment)
            if let error { seen[error.code] = error }
        }
        func failure(_ method: String, _ params: JSONValue) -> RPCError? { client.failure(method, params) }

        expect(-32800, try cancelled(daemon, explanation), "a cancelled request")
        expect(-32700, try rawFailure(daemon, "{not json"), "bytes that are no JSON")
        expect(-32600, try rawFailure(daemon, "[]"), "an empty batch")
        expect(-32601, failure("no/such", [:]), "an unknown method")
        expect(-32602, failure("tokenize", ["texts": 5]), "a parameter of the wrong type")
        expect(
            -32603, failure("embed/text", ["model": try brokenModel(daemon), "texts": ["a"]]),
            "embeddings that are no numbers")
        expect(
            -32603, failure("embed/text", ["model": try brokenModel(daemon), "texts": ["a"], "encoding": "base64"]),
            "the same in base64")
        expect(1001, failure("models/load", ["model": "no-such-model"]), "a model that is not there")
        expect(
            1002, failure("models/load", ["model": try model(daemon, "config.json", "\"quick_gelu\"", "\"mish\"")]),
            "an activation")
        expect(
            1003,
            failure(
                "models/load",
                ["model": try model(daemon, "config.json", "\"intermediate_size\": 288", "\"intermediate_size\": 280")]),
            "weights that do not fit")
        expect(1004, failure("embed/image", ["images": [["data": "bm8gaW1hZ2U="]]]), "bytes that are no image")
        expect(
            1005, failure("embed/image", ["images": [["pixels": "AAAA", "width": 60_000, "height": 60_000]]]),
            "too many pixels")
        expect(1006, failure("embed/image", ["images": ["/etc/passwd"]]), "a path outside the root")
        expect(
            1007, failure("tokenize", ["texts": [.string(String(repeating: "a", count: 65_537))]]), "a text too long")
        expect(1008, failure("explanation/values", ["explanation": "x9-none"]), "an unknown handle")
        expect(
            1009, failure("explanation/refine", ["explanation": explanation, "budget": ["imageMasks": 1]]),
            "too few masks")
        expect(
            1010, failure("explanation/refine", ["explanation": explanation, "budget": ["imageMasks": 60_000]]),
            "games beyond the limit")
        expect(1013, failure("models/unload", ["model": "demo"]), "a model in use")
        #expect(daemon.isRunning)

        let small = try DaemonProcess(["--max-connections", "1"])
        let only = try small.connect()
        _ = try only.call("server/ping", params: [:])
        expect(1011, try small.connect().failure("server/ping", [:]), "a connection beyond the limit")
        expect(1012, try stopped(small, only), "work while the daemon ends")

        let documented = Set(ErrorKind.allCases.map(\.rawValue)).union([-32700, -32600, -32601, -32602, -32603, -32800])
        #expect(Set(seen.keys) == documented)
        for kind in ErrorKind.allCases {
            let details = seen[kind.rawValue]?.details
            #expect(details?.kind == kind.name)
            #expect((details?.retryable == true) == kind.isRetryable)
        }
    }

    /// The error that a line of text is answered with.
    private func rawFailure(_ daemon: DaemonProcess, _ line: String) throws -> RPCError? {
        try replies(daemon, line + "\n").first?.error
    }

    /// A refinement that would take long is cancelled in the same breath.
    private func cancelled(_ daemon: DaemonProcess, _ explanation: JSONValue) throws -> RPCError? {
        let opening: JSONValue = [
            "jsonrpc": "2.0", "id": 1, "method": "explanation/refine",
            "params": ["explanation": explanation, "budget": ["imageMasks": 512]],
        ]
        let cancel = #"{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}"#
        return try replies(daemon, try opening.text() + "\n" + cancel + "\n").first?.error
    }

    /// A request in flight while the daemon is told to end.
    private func stopped(_ daemon: DaemonProcess, _ client: RPCClient) throws -> RPCError? {
        let id = try client.send(
            "explain", params: ["image": scene, "text": "a rose", "budget": ["imageMasks": 65_536]])
        _ = try client.send("server/stop", params: [:])
        var failure: RPCError?
        for _ in 0..<2 {
            if case .reply(id, .failure(let error)) = try client.nextReply() { failure = error }
        }
        _ = daemon.waitForExit()
        return failure
    }

    /// What comes until the daemon has answered all that was sent and closes.
    private func replies(_ daemon: DaemonProcess, _ text: String) throws -> [WireMessage] {
        let result = try Command(
            ["connect", "--socket", daemon.socket.path, "--no-spawn"], folder: daemon.folder, input: text)
        return try result.output.split(separator: "\n").map { try WireMessage(parsing: $0) }
    }

    /// A copy of a fixture with a text in one of its files replaced.
    private func model(_ daemon: DaemonProcess, _ file: String, _ old: String, _ new: String) throws -> JSONValue {
        let folder = try copy(daemon)
        let url = folder.appendingPathComponent(file)
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(text.contains(old), "\(file) lacks \(old)")
        try text.replacingOccurrences(of: old, with: new).write(to: url, atomically: true, encoding: .utf8)
        return .string(folder.path)
    }

    /// A copy whose text projection is not a number: it loads, and its embeddings cannot be sent.
    private func brokenModel(_ daemon: DaemonProcess) throws -> JSONValue {
        let folder = try copy(daemon)
        let url = folder.appendingPathComponent("model.safetensors")
        var bytes = try Data(contentsOf: url)
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONValue(parsing: [UInt8](bytes[8..<8 + length]))
        let place = try #require(header["text_projection.weight"]?["data_offsets"]?.array)
        let offsets = place.map { $0.int ?? 0 }
        let numbers = (offsets[1] - offsets[0]) / 4
        // The largest number there is, little-endian: the weights are finite, and what comes of them is not.
        let largest: [UInt8] = [0xFF, 0xFF, 0x7F, 0x7F]
        bytes.replaceSubrange(
            8 + length + offsets[0]..<8 + length + offsets[1], with: (0..<numbers).flatMap { _ in largest })
        try bytes.write(to: url)
        return .string(folder.path)
    }

    private func copy(_ daemon: DaemonProcess) throws -> URL {
        let folder = URL(fileURLWithPath: daemon.folder).appendingPathComponent("model-\(UUID().uuidString.prefix(8))")
        try FileManager.default.copyItem(at: URL(fileURLWithPath: DaemonProcess.fixtures + "/clip-small"), to: folder)
        return folder
    }
}
