import FIxLIPProtocol
import Foundation
import JSON
import Testing

@Suite("fixlipd evaluate", .serialized, .timeLimit(.minutes(10)))
struct EvaluateProcessTests {
    let folder: String
    static let pointing = """
        {"id": "q0", "image": "\(DaemonProcess.scenes)/quadrants-1.png", "text": "a teddy bear and an umbrella", \
        "targets": [{"word": "teddy bear", "quadrant": "topLeft"}, {"word": "umbrella", "quadrant": "topRight"}]}
        """
    static let plain = #"{"id": 7, "image": "\#(DaemonProcess.scenes)/scene-02.png", "text": "a snake next to a cat"}"#

    init() throws { folder = try DaemonProcess.makeFolder() }

    private func list(_ lines: String...) throws -> String {
        let path = folder + "/pairs.jsonl"
        try (lines.joined(separator: "\n") + "\n").write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    private func evaluate(_ arguments: [String], input: String = "") throws -> Command {
        try Command(["evaluate"] + arguments, folder: folder, input: input)
    }

    private func end() {
        _ = try? Command(["stop"], folder: folder)
        try? FileManager.default.removeItem(atPath: folder)
    }

    @Test("every metric that a pair allows, a line for each pair, and a table of their means")
    func allMetrics() throws {
        defer { end() }
        let done = try evaluate([
            try list(Self.pointing, "", Self.plain), "--at", "0.3", "--at", "shapley", "--samples", "200", "--budget",
            "300",
        ])
        #expect(done.status == 0, "\(done.errors)")
        let lines = try EvaluationLine.all(in: done.output)
        try #require(lines.count == 2)
        #expect(lines[0].id == "q0" && lines[1].id == 7)
        #expect(lines.allSatisfy { $0.imageMasks == 300 })
        for line in lines {
            let rows = try #require(line.faithfulness)
            #expect(rows.count == 2)
            #expect(rows[0].p == 0.3 && rows[0].sampling == "bernoulli" && rows[1].sampling == "shapley")
            for row in rows {
                #expect(row.measures.samples == 200)
                let score = try #require(row.measures.rSquared)
                #expect(score > 0.3 && score < 1)
            }
            #expect(rows[0].measures.rSquared != rows[1].measures.rSquared)
            let area = try #require(line.insertionDeletion?.areaBetween)
            #expect(area > 0.2)
            #expect(line.insertionDeletion?.leastImportantFirst.count == 51)
        }
        let score = try #require(lines[0].pointingGame)
        #expect(score > 0.7 && score <= 1)
        #expect(lines[1].pointingGame == nil)

        let table = done.errors.split(separator: "\n").map(String.init)
        #expect(table.first == "2 pairs · 300 image masks · Banzhaf p 0.5 · order 2 · ridge")
        func row(_ name: String) -> [String] {
            table.first { $0.hasPrefix(name) }?.dropFirst(name.count).split(separator: " ").map(String.init) ?? []
        }
        // Mean, lower, "to", upper, deviation, pairs.
        let areas = lines.compactMap { $0.insertionDeletion?.areaBetween }
        let mean = areas.reduce(0, +) / 2
        let half = 12.7062 * abs(areas[0] - areas[1]) / 2
        let shown = row("insertion/deletion, AID")
        #expect(shown.count == 6 && shown.last == "2")
        #expect(abs((Double(shown[0]) ?? .nan) - mean) < 6e-4)
        #expect(abs((Double(shown[1]) ?? .nan) - (mean - half)) < 6e-4)
        #expect(abs((Double(shown[3]) ?? .nan) - (mean + half)) < 6e-4)
        #expect(row("pointing game, PGR").last == "1")
        #expect(row("R² at p 0.3").last == "2" && row("R² at Shapley").last == "2")
    }

    @Test("the image's side with the whole caption, and the map beside one of many masks")
    func imageSideAndMap() throws {
        defer { end() }
        func measured(_ budget: String) throws -> EvaluationLine {
            let done = try evaluate(
                [
                    "-", "--metric", "faithfulness", "--metric", "mapCorrelation", "--image-side", "--map-masks", "600",
                    "--samples", "200", "--budget", budget,
                ], input: Self.plain)
            #expect(done.status == 0, "\(done.errors)")
            #expect(done.errors.contains("R², image side") && done.errors.contains("map, correlation"))
            return try EvaluationLine(printed: done.output)
        }
        let (few, many) = (try measured("24"), try measured("600"))
        for line in [few, many] {
            #expect(line.faithfulness?.map(\.players) == [nil, "image"])
        }
        func score(_ line: EvaluationLine) throws -> (side: Double, map: Double) {
            (try #require(line.faithfulness?.last?.measures.rSquared), try #require(line.mapCorrelation))
        }
        let (rough, fine) = (try score(few), try score(many))
        #expect(fine.side > 0.5 && fine.map > 0.9)
        #expect(fine.side > rough.side && fine.map > rough.map)
    }

    @Test("the measures are those of the protocol, whatever else the daemon has done")
    func sameAsProtocol() throws {
        defer { end() }
        let arguments = [
            "-", "--metric", "faithfulness", "--samples", "100", "--budget", "200", "--order", "1", "--samples-seed",
            "5",
        ]
        let first = try evaluate(arguments, input: Self.plain)
        let again = try evaluate(arguments, input: Self.plain)
        #expect(first.output == again.output)
        let line = try EvaluationLine(printed: first.output)
        #expect(line.insertionDeletion == nil)
        let client = try Command(
            [
                "call", "explanation/open",
                #"{"image": "\#(DaemonProcess.scenes)/scene-02.png", "text": "a snake next to a cat", "order": 1}"#,
            ],
            folder: folder)
        let handle = try ExplanationOpen.Result(printed: client.output).explanation
        _ = try Command(
            ["call", "explanation/refine", #"{"explanation": "\#(handle)", "budget": {"imageMasks": 200}}"#],
            folder: folder)
        let called = try Command(
            [
                "call", "explanation/evaluate",
                #"{"explanation": "\#(handle)", "metric": "faithfulness", "samples": 100, "seed": 5}"#,
            ],
            folder: folder)
        let row = try #require(line.faithfulness?.first)
        #expect(row.p == nil && row.sampling == nil && row.players == nil)
        #expect(try ExplanationEvaluate.Result(printed: called.output).faithfulness == row.measures)
    }

    @Test("with --output the lines go to the file and the table to standard output; images lie beside the list")
    func outputFile() throws {
        defer { end() }
        try FileManager.default.copyItem(atPath: DaemonProcess.scenes + "/scene-02.png", toPath: folder + "/near.png")
        let path = try list(#"{"image": "near.png", "text": "a cat"}"#)
        let done = try evaluate([
            path, "--metric", "insertionDeletion", "--budget", "100", "--model", DaemonProcess.models + "/demo",
            "--output",
            "results.jsonl",
        ])
        #expect(done.status == 0, "\(done.errors)")
        #expect(done.errors.isEmpty)
        #expect(done.output.contains("insertion/deletion, AID"))
        #expect(!done.output.contains("R²"))
        let line = try EvaluationLine(printed: try String(contentsOfFile: folder + "/results.jsonl", encoding: .utf8))
        #expect(line.id == 1 && line.image == folder + "/near.png")
    }

    @Test("a pair that cannot be explained is told, and the others go on")
    func badPairs() throws {
        defer { end() }
        let path = try list(
            #"{"id": "gone", "image": "gone.png", "text": "a dog"}"#,
            Self.pointing.replacingOccurrences(of: #""umbrella", "quadrant""#, with: #""umbrellas", "quadrant""#),
            Self.plain)
        let done = try evaluate([path, "--metric", "insertionDeletion", "--budget", "50"])
        #expect(done.status == 1)
        let lines = try EvaluationLine.all(in: done.output)
        try #require(lines.count == 3)
        #expect(lines[0].id == "gone" && lines[0].error?.contains(folder + "/gone.png") == true)
        #expect(lines[1].error?.contains("the caption has no word \"umbrellas\"") == true)
        #expect(lines[2].error == nil && lines[2].insertionDeletion != nil)
        #expect(done.errors.contains("\(path), line 1: "))
        #expect(done.errors.contains("1 pair · 50 image masks · Banzhaf p 0.5 · order 2 · ridge · 2 failed"))
    }

    @Test(
        "a list that is not well formed is refused before anything is encoded",
        arguments: [
            ["{\"image\": \"a.png\", \"text\": \"a dog\"}\n{\"image\": ", "line 2: not valid JSON"],
            ["\n\n[1, 2]", "line 3: must be a JSON object, not an array"],
            ["{\"image\": \"a.png\"}", "line 1: 'text' is missing"],
            ["{\"image\": 3, \"text\": \"a dog\"}", "line 1: 'image' must be a string"],
            ["{\"image\": \"a.png\", \"text\": \"a dog\", \"targets\": \"dog\"}", "line 1: 'targets' must be a list"],
            [
                "{\"image\": \"a.png\", \"text\": \"a dog\", \"targets\": [{\"word\": \"dog\", \"quadrant\": \"left\"}]}",
                "line 1: 'targets[0].quadrant' must be one of topLeft, topRight, bottomLeft, bottomRight, not left",
            ],
            [
                "{\"image\": \"a.png\", \"text\": \"a dog\", \"targets\": [{\"quadrant\": \"topLeft\"}]}",
                "line 1: 'targets[0].word' must be",
            ],
            ["\n", "standard input has no pairs"],
        ])
    func badLists(_ example: [String]) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let done = try evaluate(["-", "--no-spawn"], input: example[0])
        #expect(done.status != 0)
        #expect(done.errors.contains(example[1]), "\(done.errors)")
        #expect(done.output.isEmpty)
        #expect(!done.errors.contains("fixlipd serve"))
    }

    @Test("a disk that takes no more is told, and not met in silence")
    func fullDisk() throws {
        defer { end() }
        let done = try evaluate(["-", "--output", "/dev/full", "--budget", "16", "--samples", "20"], input: Self.plain)
        #expect(done.status != 0)
        #expect(done.errors.contains("cannot write /dev/full"), "\(done.errors)")
    }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let arguments: [String]
        let reason: String
        var testDescription: String { arguments.joined(separator: " ") }
    }

    @Test(
        "options that do not fit are refused",
        arguments: [
            Refusal(arguments: ["-", "--at", "1.5"], reason: "--at"),
            Refusal(arguments: ["-", "--metric", "accuracy"], reason: "--metric"),
            Refusal(arguments: ["-", "--metric", "pointingGame", "--order", "1"], reason: "--order 2"),
            Refusal(arguments: ["-", "--metric", "insertionDeletion", "--at", "0.5"], reason: "--metric faithfulness"),
            Refusal(arguments: ["nowhere.jsonl"], reason: "cannot read nowhere.jsonl: No such file or directory"),
            Refusal(
                arguments: ["-", "--metric", "pointingGame", "--no-spawn"],
                reason: "line 1: the pointing game needs 'targets'"),
            Refusal(
                arguments: ["-", "--output", "/nonexistent/x.jsonl", "--no-spawn"],
                reason: "cannot write /nonexistent/x.jsonl"),
        ])
    func badOptions(_ example: Refusal) throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let done = try evaluate(example.arguments, input: Self.plain)
        #expect(done.status != 0)
        #expect(done.errors.contains(example.reason), "\(done.errors)")
        #expect(done.output.isEmpty)
    }
}
