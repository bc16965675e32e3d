import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Testing

/// The program in front of a daemon that is not of its own version, or none at all.
@Suite("Other daemons", .serialized, .timeLimit(.minutes(10)))
struct VersionProcessTests {
    let folder: String
    let scene = DaemonProcess.scenes + "/scene-03.png"

    init() throws {
        folder = try DaemonProcess.makeFolder()
        try #"{"id": 1, "image": "\#(scene)", "text": "a dog"}"#.appending("\n")
            .write(toFile: folder + "/pairs.jsonl", atomically: true, encoding: .utf8)
    }

    private var commands: [[String]] {
        [
            ["explain", scene, "a dog"], ["explain", "-", "a dog"], ["embed", scene],
            ["similarity", scene, "--text", "a dog"],
            ["watch", scene, "a dog"], ["models"], ["status"], ["call", "server/ping"], ["evaluate", "pairs.jsonl"],
            ["batch", "pairs.jsonl", "-o", "out.jsonl"],
        ]
    }

    private func expectRefusals(_ words: [String], _ commands: [[String]]) throws {
        for command in commands {
            let run = try Command(command, folder: folder, input: command.contains("-") ? scene + "\n" : "")
            #expect(run.status == 1 && run.output.isEmpty, "\(command): \(run.status) \(run.output)")
            for word in words { #expect(run.errors.contains(word), "\(command): \(run.errors)") }
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/out.jsonl"))
    }

    @Test("a daemon that answers with another version is an error that names both and says what to do")
    func otherVersion() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try StandInDaemon(folder: folder) { _, _ in .success(["protocolVersion": 2]) }
        try expectRefusals(["speaks version 2", "this program version 1", "'fixlipd stop'"], commands)
        #expect(daemon.requests.allSatisfy { $0.first == "initialize" && $0.filter { $0 != "initialize" }.isEmpty })

        let stop = try Command(["stop"], folder: folder)
        #expect(stop.status == 0, "\(stop.errors)")
        #expect(daemon.requests.last == ["server/stop"])
    }

    @Test("a daemon of another release that speaks this protocol is used, and a note names both and says what to do")
    func otherRelease() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let ours = try Command(["--version"], folder: folder).output.trimmingCharacters(in: .newlines)
        for theirs in ["0.0.9", ours] {
            let place = try DaemonProcess.makeFolder()
            defer { try? FileManager.default.removeItem(atPath: place) }
            let daemon = try StandInDaemon(folder: place) { method, _ in
                method == "initialize" ? .success(Self.introduction(version: theirs)) : .success(["pid": 7])
            }
            let run = try Command(["call", "server/ping"], folder: place)
            #expect(run.status == 0 && run.output.contains("7"), "\(run.errors)")
            let note =
                "note: the daemon that runs is fixlipd 0.0.9 and this program is \(ours); it is used as it is. "
                + "After 'fixlipd stop' the next command starts one of this version\n"
            #expect(run.errors == (theirs == ours ? "" : note))
            #expect(daemon.requests == [["initialize", "server/ping"]])
        }
    }

    private static func introduction(version: String) -> JSONValue {
        [
            "protocolVersion": 1, "serverInfo": ["name": "fixlipd", "version": .string(version)],
            "capabilities": [
                "methods": [], "indices": [], "estimators": [], "maskings": [], "encodings": [], "renderFormats": [],
                "limits": [
                    "messageBytes": 1_048_576, "jsonDepth": 64, "batch": 1000, "imagePixels": 1_000_000,
                    "imageMasks": 65536, "textMasks": 4096,
                ],
            ],
        ]
    }

    @Test("a daemon that refuses this version is asked for its own")
    func refusal() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try StandInDaemon(folder: folder) { _, params in
            (try? params.decode(Initialize.Parameters.self))?.protocolVersion == nil
                ? .success(["protocolVersion": 3]) : .failure(.invalidParams("'protocolVersion' is 1"))
        }
        try expectRefusals(["speaks version 3", "this program version 1"], [["status"]])
        #expect(daemon.requests == [["initialize", "initialize"]])
        try expectRefusals(["'fixlipd stop --socket f.sock'"], [["status", "--socket", "f.sock"]])
    }

    @Test("what does not know the first request is no fixlipd")
    func noDaemon() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try StandInDaemon(folder: folder) { method, _ in .failure(.methodNotFound(method)) }
        try expectRefusals(["is not fixlipd"], [["status"], ["explain", scene, "a dog"]])
        #expect(daemon.requests.count == 2)
    }

    @Test("a result that lacks what a command prints is an error, not silence")
    func emptyResults() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try StandInDaemon(folder: folder) { _, _ in .success(["protocolVersion": 1]) }
        try expectRefusals(["has no '"], commands.filter { $0 != ["call", "server/ping"] })
        #expect(daemon.requests.allSatisfy { $0.first == "initialize" && $0.filter { $0 == "initialize" }.count == 1 })
    }

    @Test("'connect' makes one connection, and the bytes are all the editor's")
    func connectOnce() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let daemon = try StandInDaemon(folder: folder) { method, _ in .success(["method": .string(method)]) }
        let run = try Command(
            ["connect"], folder: folder, input: #"{"jsonrpc":"2.0","id":1,"method":"tokenize"}"# + "\n")
        #expect(try WireMessage(parsing: run.output).result == ["method": "tokenize"])
        #expect(daemon.requests == [["tokenize"]])
    }

    @Test("a socket named relative to the working folder is there also for the daemon that is started")
    func relativeSocket() throws {
        defer {
            _ = try? Command(["stop", "--socket", "sub/f.sock"], folder: folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
        let first = try Command(["call", "server/ping", "--socket", "sub/f.sock"], folder: folder)
        #expect(first.status == 0, "\(first.errors)")
        let second = try Command(
            ["call", "server/ping", "--socket", folder + "/sub/f.sock", "--no-spawn"], folder: folder)
        #expect(second.output == first.output)
    }
}
