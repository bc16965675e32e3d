import FIxLIPProtocol
import Foundation
import JSON
import Testing

/// What somebody meets who types commands: mistakes told in the words that were typed, and nothing done in vain.
@Suite("Shell manners", .serialized, .timeLimit(.minutes(10)))
final class ShellMannersTests {
    let folder: String
    let scene = DaemonProcess.scenes + "/scene-03.png"

    init() throws { folder = try DaemonProcess.makeFolder() }

    deinit {
        _ = try? Command(["stop"], folder: folder)
        try? FileManager.default.removeItem(atPath: folder)
    }

    private func run(_ arguments: String..., input: String = "") throws -> Command {
        try Command(arguments, folder: folder, input: input)
    }

    /// Whether a daemon was started.
    private var hasDaemon: Bool { FileManager.default.fileExists(atPath: folder + "/f.sock") }

    @Test("a caption needs no quotes")
    func captionWithoutQuotes() throws {
        let bare = try run("explain", scene, "a", "postbox", "next", "to", "a", "glass", "-b", "32", "--json")
        let quoted = try run("explain", scene, "a postbox next to a glass", "-b", "32", "--json")
        #expect(bare.status == 0, "\(bare.errors)")
        let (first, second) = (try Explain.Result(printed: bare.output), try Explain.Result(printed: quoted.output))
        #expect(first.values == second.values && first.players == second.players)
    }

    @Test(
        "errors speak of options as they are typed",
        arguments: [
            (["--top", "0"], "--top must be at least 1; it is 0"),
            (["--top", "200000"], "--top must be from 1 to 100000; it is 200000"),
            (["-b", "-5"], "--budget must be at least 5 (the whole, the empty, and three more); it is -5"),
            (["--p", "2"], "--p must lie between 0 and 1, both excluded; it is 2.0"),
            (["--order", "7"], "--order must be 1 or 2; it is 7"),
            (["--seed", "-4"], "--seed must be a whole number from 0 to 4294967295"),
            (["--deadline", "-1"], "--deadline must be above 0 and at most a day, in seconds; it is -1.0"),
            (["--estimator", "lasso"], "one of 'ridge' and 'leastSquares'"),
            (["--masking", "blur"], "one of 'mean' and 'drop'"),
        ])
    func optionsAsTyped(options: [String], message: String) throws {
        let refused = try Command(["explain", scene, "a dog", "-b", "16"] + options, folder: folder)
        #expect(refused.status != 0 && refused.output.isEmpty)
        #expect(refused.errors.contains(message), "\(refused.errors)")
    }

    @Test("players, pairs of masks and what is drawn are options as the contract has them")
    func optionsOfTheContract() throws {
        func players(_ options: String...) throws -> Players {
            let run = try Command(["explain", scene, "a dog", "-b", "16", "--json"] + options, folder: folder)
            return try JSONValue(parsing: run.output).decode(Explained.self).players
        }
        #expect(try players("--grid", "2x3").image?.count == 6)
        try (0..<49).map { $0 < 21 ? "0" : "1" }.joined(separator: " ").write(
            toFile: folder + "/labels", atomically: true, encoding: .utf8)
        #expect(try players("--regions", "labels").image?.boxes == [[0, 0, 224, 96], [0, 96, 224, 224]])
        #expect(try players("--paired", "--tokens").text.count == 2)

        func refusal(_ options: String...) throws -> String {
            try Command(["explain", scene, "a dog", "-b", "16"] + options, folder: folder).errors
        }
        #expect(try refusal("--paired", "--p", "0.3").contains("--paired"))
        #expect(try refusal("--grid", "99x1").contains("--grid"))
        #expect(try refusal("--grid", "2x2", "--regions", "labels").contains("give --grid or --regions, not both"))
        #expect(try refusal("--regions", "none") == "Error: cannot read none: No such file or directory\n")
        let token = try run("explain", scene, "a", "dog", "-b", "32", "--view", "token", "--player", "50")
        #expect(token.status == 0 && token.output.contains("dog"), "\(token.errors)")
    }

    private struct Explained: Decodable {
        let players: Players
    }

    @Test("a file that cannot be written is told before a daemon is started for it, in the system's words")
    func unwritableFile() throws {
        for option in ["--html", "--svg"] {
            let refused = try run("explain", scene, "a dog", option, folder + "/none/page")
            #expect(refused.status == 1)
            #expect(refused.errors == "Error: cannot write \(folder)/none/page: No such file or directory\n")
        }
        #expect(try run("explain", scene, "a dog", "--html", folder).errors.contains("Is a directory"))
        try #"{"image": "a.png", "text": "a dog"}"#.write(
            toFile: folder + "/pairs.jsonl", atomically: true, encoding: .utf8)
        let evaluated = try run("evaluate", "pairs.jsonl", "--output", "none/out")
        #expect(evaluated.errors == "Error: cannot write none/out: No such file or directory\n")
        #expect(!hasDaemon)
    }

    @Test(
        "a full disk is told in the system's words", .enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func fullDisk() throws {
        let full = try run("explain", scene, "a dog", "-b", "16", "--html", "/dev/full")
        #expect(full.status == 1 && full.errors.contains("cannot write /dev/full: No space left on device"))
    }

    @Test("a page that was there stays as it is where the explanation fails")
    func oldPage() throws {
        try "old".write(toFile: folder + "/page.html", atomically: true, encoding: .utf8)
        #expect(try run("explain", "none.png", "a dog", "--html", "page.html").status == 1)
        #expect(try String(contentsOfFile: folder + "/page.html", encoding: .utf8) == "old")
    }

    @Test("files that cannot be read are told in the system's words")
    func unreadableFiles() throws {
        #expect(
            try run("evaluate", "none.jsonl").errors == "Error: cannot read none.jsonl: No such file or directory\n")
        #expect(try run("evaluate", ".").errors == "Error: cannot read .: Is a directory\n")
        #expect(!hasDaemon)
    }

    @Test(
        "an unknown command suggests the nearest",
        arguments: [
            (["explian"], "did you mean 'explain'?"), (["bacth", "a"], "did you mean 'batch'?"),
            (["model"], "did you mean 'models'?"), (["models", "laod", "demo"], "did you mean 'load'?"),
            (["help", "sttaus"], "did you mean 'status'?"), (["frobnicate"], "there are serve, connect, call"),
        ])
    func nearestCommand(arguments: [String], advice: String) throws {
        let refused = try Command(arguments, folder: folder)
        #expect(refused.status == 64 && refused.errors.contains(advice), "\(refused.errors)")
    }

    @Test("status never starts a daemon, and is 3 where none runs")
    func statusWithoutDaemon() throws {
        for options in [[], ["--json"], ["--no-spawn"]] {
            let none = try Command(["status"] + options, folder: folder)
            #expect(none.status == 3 && none.output.isEmpty)
            #expect(none.errors == "no daemon runs on \(folder)/f.sock; start one with 'fixlipd serve'\n")
        }
        #expect(!hasDaemon)
    }

    @Test("status shows limits, explanations and games beside each other")
    func status() throws {
        let opened = try run("call", "explanation/open", #"{"image": "\#(scene)", "text": "a dog"}"#)
        #expect(opened.status == 0)
        let lines = try run("status").output.split(separator: "\n")
        for start in ["image games  1, ", "text games  1, ", "game memory  at most ", "explanation  x", "limits  "] {
            #expect(lines.contains { $0.hasPrefix(start) }, "no line begins '\(start)'")
        }
        #expect(lines.contains { $0.hasPrefix("explanation") && $0.hasSuffix("  a dog") })
    }

    @Test("control characters of captions reach no terminal")
    func controlCharacters() throws {
        _ = try run("call", "explanation/open", #"{"image": "\#(scene)", "text": "a \u001b[31mdog\u202e\nmodel  x"}"#)
        let status = try run("status")
        #expect(!status.output.contains("\u{1B}") && !status.output.contains("\u{202E}"))
        #expect(status.output.contains(#"a \u{1B}[31mdog\u{202E}\nmodel  x"#))
        let missing = try run("explain", "\u{1B}[31mnone.png", "a dog")
        #expect(!missing.errors.contains("\u{1B}") && missing.errors.contains(#"\u{1B}[31mnone.png"#))
        let log = try String(contentsOfFile: folder + "/f.sock.log", encoding: .utf8)
        #expect(!log.contains("\u{1B}"))
    }

    @Test("an address on the net is told to be downloaded first")
    func address() throws {
        let url = "https://example.org/cat.png"
        let advice = "download it first (curl -LO '\(url)')"
        #expect(try run("explain", url, "a cat").errors.contains(advice))
        #expect(try run("watch", url, "a cat").errors.contains(advice))
        #expect(try run("similarity", url, "--text", "a cat").errors.contains(advice))
        #expect(try run("embed", url).output.contains(advice))
        try #"{"id": 1, "image": "\#(url)", "text": "a cat"}"#.write(
            toFile: folder + "/pairs.jsonl", atomically: true, encoding: .utf8)
        #expect(try run("evaluate", "pairs.jsonl").errors.contains(advice))
        let batch = try run("batch", "pairs.jsonl", "-o", "out.jsonl")
        #expect(batch.status == 1)
        #expect(try String(contentsOfFile: folder + "/out.jsonl", encoding: .utf8).contains(advice))
    }

    @Test("batch says that it has begun before its first pair ends")
    func batchBegins() throws {
        try #"{"id": 1, "image": "\#(scene)", "text": "a cat"}"#.write(
            toFile: folder + "/pairs.jsonl", atomically: true, encoding: .utf8)
        let batch = try run("batch", "pairs.jsonl", "-o", "out.jsonl", "-b", "16")
        let lines = batch.errors.split(separator: "\n")
        #expect(lines.first == "explaining 1 pairs" && lines.count > 1, "\(batch.errors)")
    }

    @Test("a p near 0 or 1 warns where the estimate's own error says that values are worthless, and not elsewhere")
    func extremeProbability() throws {
        func warning(_ p: String, _ budget: String) throws -> String {
            try run("explain", scene, "a postbox next to a cocktail glass", "--p", p, "-b", budget, "--json").errors
        }
        #expect(try warning("0.999", "100").contains("no larger than their own standard error"))
        #expect(try warning("0.5", "100").isEmpty)
        #expect(try warning("0.9", "400").isEmpty)
    }
}
