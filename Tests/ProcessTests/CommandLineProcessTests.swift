import FIxLIPProtocol
import Foundation
import JSONRPC
import Testing

@Suite("The command line", .serialized, .timeLimit(.minutes(10)))
struct CommandLineProcessTests {
    let folder: String
    let scene = DaemonProcess.scenes + "/scene-03.png"
    let caption = "a postbox next to a cocktail glass"

    init() throws { folder = try DaemonProcess.makeFolder() }

    @Test("a command starts the daemon, later ones find it, and stop ends it")
    func spawnAndStop() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let refused = try Command(["call", "server/ping", "--no-spawn"], folder: folder)
        #expect(refused.status != 0)
        #expect(refused.errors.contains("fixlipd serve"))

        let first = try Command(["call", "server/ping"], folder: folder)
        #expect(first.status == 0)
        let second = try Command(["call", "server/ping", "--no-spawn"], folder: folder)
        #expect(first.output == second.output)
        #expect(try Command(["stop"], folder: folder).status == 0)
        // What is wanted is so already.
        let stopped = try Command(["stop"], folder: folder)
        #expect(stopped.status == 0 && stopped.errors == "no daemon runs on \(folder)/f.sock\n")
    }

    @Test("explain prints a picture, a page or JSON")
    func explain() throws {
        defer {
            _ = try? Command(["stop"], folder: folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
        let page = folder + "/page.html"
        let shown = try Command(["explain", scene, caption, "--budget", "100", "--html", page], folder: folder)
        #expect(shown.status == 0, "\(shown.errors)")
        #expect(shown.output.contains("postbox"))
        #expect(!shown.output.contains("\u{1B}["), "colours where output is no terminal")
        #expect(try String(contentsOfFile: page, encoding: .utf8).contains("<svg"))

        let json = try Command(["explain", scene, caption, "--budget", "100", "--json"], folder: folder)
        let result = try Explain.Result(printed: json.output)
        #expect(result.imageMasks == 100)
        #expect(result.values.standardErrors?.first.doubles.count == 49 + 7)

        for bare in [["explain", scene, "  ", "--html", "bare.html"], ["explain", scene, "", "--json"]] {
            let refused = try Command(bare, folder: folder)
            #expect(refused.status == 1 && refused.output.isEmpty)
            #expect(refused.errors.contains("the caption has no words"))
        }
        #expect(!FileManager.default.fileExists(atPath: folder + "/bare.html"))

        let absent = try Command(["explain", "nowhere.png", caption], folder: folder)
        #expect(absent.status != 0)
        #expect(absent.output.isEmpty)
        #expect(absent.errors.contains(folder + "/nowhere.png"))
    }

    @Test("embed and similarity read files and lines")
    func embedAndSimilarity() throws {
        defer {
            _ = try? Command(["stop"], folder: folder)
            try? FileManager.default.removeItem(atPath: folder)
        }
        let images = try Command(["embed", scene, "missing.png", scene], folder: folder)
        #expect(images.status == 1)
        let lines = try EmbeddingLine.all(in: images.output)
        #expect(lines.count == 3)
        #expect(lines[0].embedding != nil && lines[0].embedding == lines[2].embedding)
        #expect(lines[1].error?.contains("missing.png") == true)
        #expect(images.errors.contains("1 of 3 failed"))

        let texts = try Command(["embed", "--text", "-"], folder: folder, input: "a dog\na cat\n")
        #expect(texts.output.split(separator: "\n").count == 2)

        let table = try Command(["similarity", scene, "--text", caption, "--text", "a dog"], folder: folder)
        #expect(table.output.split(separator: "\n").count == 3)

        let bad = try Command(["call", "similarity", "{\"images\": 3}"], folder: folder)
        #expect(bad.status != 0)
        #expect(bad.errors.contains("images"))
        #expect(try Command(["call", "server/ping", "{nonsense"], folder: folder).status != 0)
    }
}

@Suite("Standard input and output", .timeLimit(.minutes(10)))
struct StandardIOProcessTests {
    private func talk(_ input: String) throws -> Command {
        let folder = try DaemonProcess.makeFolder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try Command(["serve", "--stdio", "--log-level", "error"], folder: folder, input: input)
    }

    @Test("lines: requests are answered, a malformed one too, and the end of input ends the daemon")
    func lines() throws {
        let result = try talk(
            """
            {"jsonrpc":"2.0","id":1,"method":"server/ping"}
            {"jsonrpc":"2.0","id":2,"method":
            {"jsonrpc":"2.0","id":"three","method":"tokenize","params":{"texts":["a dog"]}}

            """)
        #expect(result.status == 0)
        let replies = try result.output.split(separator: "\n").map { try WireMessage(parsing: $0) }
        #expect(replies.count == 3)
        #expect(replies.contains { $0.id == 1 && $0.result != nil })
        #expect(replies.contains { $0.id == .null && $0.error?.code == -32700 })
        let third = try #require(replies.first { $0.id == "three" })
        #expect(try third.result(of: Tokenize.self)?.texts.first?.players.count == 2)
    }

    @Test("headers: replies are framed as the request was")
    func headers() throws {
        let body = #"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"clientInfo":{"name":"test"}}}"#
        let result = try talk("Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
        #expect(result.output.hasPrefix("Content-Length: "))
        let reply = try WireMessage(parsing: result.output.split(separator: "\r\n\r\n", maxSplits: 1)[1])
        let introduced = try #require(try reply.result(of: Initialize.self))
        #expect(introduced.serverInfo.name == "fixlipd")
        #expect(introduced.protocolVersion == 1)
    }
}
