import FIxLIPProtocol
import Foundation
import JSON
import Testing

/// What `fixlipd batch` does with lines and files it cannot use, and the forms of what it takes and gives.
@Suite("Batches of bad and unusual input", .serialized, .timeLimit(.minutes(10)))
struct BatchInputTests {
    let folder: BatchFolder
    let image = DaemonProcess.scenes + "/scene-03.png"

    init() throws { folder = try BatchFolder() }

    @Test("bad lines and pairs are lines with an error; the others are as without them")
    func badLines() throws {
        let good = Array(BatchFolder.pairs.prefix(4))
        let expected = try BatchFolder.undisturbed(good)
        let later = folder.path + "/later.png"
        try folder.write([
            good[0], "{\"id\": \"x\", ", good[1], good[1], #"{"image": "\#(image)", "text": "no id"}"#, "",
            #"{"id": 7, "image": "later.png", "text": "a red rose"}"#,
            #"{"id": 8, "image": "\#(image)", "text": "a red rose", "colour": 3}"#,
            #"{"id": 9, "image": "\#(image)", "text": "a red rose", "deadlineMilliseconds": 10}"#, good[2], good[3],
        ])
        let run = try folder.run(["--summary"])
        #expect(run.status == 1)
        #expect(run.errors.contains("4 pairs explained, 6 failed"))
        #expect(folder.holds(expected) { !$0.contains("\"error\"") })
        let errors = try folder.results().filter { $0.error != nil }
        func kind(line: Int) -> String? { errors.first { $0.line == line }?.error?.kind }
        func message(line: Int) -> String { errors.first { $0.line == line }?.error?.message ?? "" }
        #expect(kind(line: 2) == "lineInvalid" && message(line: 2).contains("line 2: not valid JSON"))
        #expect(kind(line: 4) == "duplicateID" && message(line: 4).contains("on line 3 already"))
        #expect(message(line: 5).contains("no \"id\""))
        #expect(message(line: 9).contains("deadline"))
        let unreadable = try #require(try folder.result(7))
        #expect(unreadable.error?.kind == "imageUnreadable")
        #expect(unreadable.error?.message.contains(later) == true)
        #expect(try folder.result(8)?.error?.message.contains("colour") == true)
        #expect(run.output.contains("4 pairs explained, 6 failed"))
        #expect(run.output.contains("leave-one-out R²") && run.output.contains("image masks"))
        #expect(run.output.contains("1 imageUnreadable, first: "))

        let again = try folder.run()
        #expect(again.status == 1)
        #expect(again.errors.contains("0 pairs explained, 0 failed, 10 done before (6 of them failed then; --retry"))
        #expect(folder.lines.count == 10)

        try FileManager.default.copyItem(atPath: image, toPath: later)
        let retried = try folder.run(["--retry", "--ignore", "colour"])
        #expect(retried.status == 1)
        #expect(retried.errors.contains("2 pairs explained, 4 failed, 4 done before"))
        #expect(folder.lines.count == 10)
        #expect(try folder.result(7)?.values != nil)
        #expect(!FileManager.default.fileExists(atPath: folder.output + ".partial"))
    }

    @Test("the output of another run is refused and left as it is; --force replaces it")
    func otherRun() throws {
        try folder.write(Array(BatchFolder.pairs.prefix(2)))
        #expect(try folder.run().status == 0)
        let before = folder.lines
        func refused(_ more: [String], _ words: String) throws {
            let run = try folder.run(more)
            #expect(run.status != 0)
            #expect(run.errors.contains(words) && run.errors.contains("--force"), "\(run.errors)")
            #expect(folder.lines == before)
        }
        try refused(["--order", "1"], "another run")
        try refused(["--seed", "3"], "another run")
        try refused(["--model", "demo"], "another run")
        try folder.write(Array(BatchFolder.pairs[2..<4]))
        try refused([], "has no pair for")
        #expect(try folder.run(["--force"]).status == 0)
        #expect(try Set(folder.results().compactMap { $0.id?.string }) == ["pair-2", "pair-3"])
        #expect(folder.lines.count == 2)

        try "my notes\n".write(toFile: folder.output, atomically: true, encoding: .utf8)
        let foreign = try folder.run()
        #expect(foreign.errors.contains("line 1 of out.jsonl was not written by 'fixlipd batch'"))
        #expect(try String(contentsOfFile: folder.output, encoding: .utf8) == "my notes\n")
        try "my notes".write(toFile: folder.output, atomically: true, encoding: .utf8)
        #expect(try folder.run().status != 0)
        #expect(try String(contentsOfFile: folder.output, encoding: .utf8) == "my notes")
    }

    @Test("standard input is held against the output before anything is explained, and goes on as it comes after that")
    func standardInput() throws {
        let pairs = BatchFolder.pairs.map { $0 + "\n" }
        try folder.write(Array(BatchFolder.pairs.prefix(2)))
        #expect(try folder.run().status == 0)
        let before = folder.lines
        for (more, input, words) in [
            ([], pairs[2] + pairs[3], "standard input has no pair for"), ([], pairs[0], "has a result"),
            (["--order", "1"], pairs[0] + pairs[1], "of another image, caption, model or parameters"),
        ] {
            let run = try folder.start(more)
            try run.feed(input)
            try run.endInput()
            #expect(run.waitForExit() == 1)
            #expect(run.errors.contains(words) && run.errors.contains("--force"), "\(run.errors)")
            #expect(folder.lines == before)
        }

        let run = try folder.start()
        try run.feed(pairs[2] + pairs[1] + pairs[0])
        try folder.waitForLines(3)
        try run.feed(pairs[3])
        try folder.waitForLines(4)
        try run.endInput()
        #expect(run.waitForExit() == 0)
        #expect(run.errors.contains("2 pairs explained, 0 failed, 2 done before"), "\(run.errors)")
        #expect(Array(folder.lines.prefix(2)) == before)
    }

    @Test("the input is never written over")
    func sameFile() throws {
        let pairs = Array(BatchFolder.pairs.prefix(2))
        try folder.write(pairs)
        try FileManager.default.linkItem(atPath: folder.path + "/pairs.jsonl", toPath: folder.path + "/link.jsonl")
        try folder.write(pairs, to: "other.times")
        for (input, output) in [
            ("pairs.jsonl", "./pairs.jsonl"), ("pairs.jsonl", "link.jsonl"), ("other.times", "other"),
        ] {
            let run = try Command(["batch", input, "-o", output, "--force"], folder: folder.path)
            #expect(run.status == 64 && run.errors.contains("is the input"), "\(run.errors)")
        }
        let evaluation = try Command(["evaluate", "pairs.jsonl", "-o", "link.jsonl"], folder: folder.path)
        #expect(evaluation.status == 64 && evaluation.errors.contains("is the input"), "\(evaluation.errors)")
        for file in ["pairs.jsonl", "other.times"] {
            #expect(
                try String(contentsOfFile: folder.path + "/" + file, encoding: .utf8)
                    == pairs.map { $0 + "\n" }.joined())
        }
    }

    @Test("a bad line is known by what it says, wherever it stands, and forgotten when the input no longer has it")
    func movedBadLine() throws {
        let (good, bad) = (BatchFolder.pairs, "{\"id\": \"x\", ")
        try folder.write([bad, good[0], bad])
        #expect(try folder.run().errors.contains("1 pair explained, 2 failed"))
        try folder.write([good[1], bad, good[0], "", bad])
        let moved = try folder.run()
        #expect(moved.status == 1)
        #expect(
            moved.errors.contains("1 pair explained, 0 failed, 3 done before (2 of them failed then"),
            "\(moved.errors)")
        #expect(folder.lines.count == 4)
        try folder.write([good[1], bad, good[0]])
        #expect(try folder.run().errors.contains("0 pairs explained, 0 failed, 3 done before (1 of them failed then"))
        #expect(folder.lines.count == 3)
        try folder.write([good[1], good[0]])
        let mended = try folder.run()
        #expect(mended.status == 0, "\(mended.errors)")
        #expect(try folder.results().allSatisfy { $0.error == nil } && folder.lines.count == 2)

        let csv = ["id,image,text", "a,\(image),a kite", "b,\"broken"]
        try folder.write(csv, to: "pairs.csv")
        #expect(try folder.run(["--force"], input: "pairs.csv").errors.contains("1 pair explained, 1 failed"))
        try folder.write([csv[0], "c,\(image),a coat"] + csv[1...], to: "pairs.csv")
        #expect(try folder.run(input: "pairs.csv").errors.contains("1 pair explained, 0 failed, 2 done before"))
    }

    @Test("a caption without words is an error")
    func noWords() throws {
        try folder.write([BatchFolder.pairs[0], #"{"id": "bare", "image": "\#(image)", "text": "  "}"#])
        let run = try folder.run()
        #expect(run.status == 1 && run.errors.contains("1 pair explained, 1 failed"), "\(run.errors)")
        let bare = try #require(try folder.result("bare"))
        #expect(bare.error?.kind == "textInvalid" && bare.values == nil)
        #expect(bare.error?.message.hasPrefix("the caption has no words") == true)
    }

    @Test("a run that cannot begin leaves no file")
    func cannotBegin() throws {
        try folder.write(BatchFolder.pairs)
        #expect(try folder.run(["--no-spawn"]).errors.contains("no daemon runs"))
        #expect(try folder.run(["--model", "absent"]).status == 1)
        #expect(try folder.run(["--order", "3"]).status == 1)
        for file in [folder.output, folder.output + ".times"] { #expect(!FileManager.default.fileExists(atPath: file)) }
    }

    @Test("pairs added to the input are explained; what is there stays")
    func addedPairs() throws {
        try folder.write(Array(BatchFolder.pairs.prefix(2)))
        #expect(try folder.run().status == 0)
        let before = folder.lines
        try folder.write(Array(BatchFolder.pairs.prefix(3)))
        #expect(try folder.run().status == 0)
        #expect(Array(folder.lines.prefix(2)) == before && folder.lines.count == 3)
    }

    @Test("where the disk takes no more, it stops with a message and only whole lines stay")
    func fullDisk() throws {
        let expected = try BatchFolder.undisturbed(BatchFolder.pairs)
        #expect(try Command(["call", "server/ping"], folder: folder.path).status == 0)
        try folder.write(BatchFolder.pairs)
        let limited = Process()
        limited.executableURL = URL(fileURLWithPath: "/bin/bash")
        // Files of at most 16 KiB, and writing beyond is an error rather than a signal.
        limited.arguments =
            ["-c", #"ulimit -f 16; trap "" XFSZ; exec "$@""#, "bash", DaemonProcess.program]
            + BatchFolder.arguments("pairs.jsonl", [])
        limited.environment = DaemonProcess.environment(folder: folder.path)
        limited.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        let errors = Pipe()
        limited.standardError = errors
        limited.standardOutput = FileHandle.nullDevice
        try limited.run()
        let told = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        #expect(limited.waitForEnd() == 1)
        #expect(told.contains("out.jsonl cannot be written to") && told.contains("is whole"), "\(told)")
        let kept = try String(contentsOfFile: folder.output, encoding: .utf8)
        #expect(kept.utf8.count <= 16 << 10 && kept.hasSuffix("\n"))
        #expect(Set(folder.lines).isSubset(of: expected) && !folder.lines.isEmpty)
        #expect(try folder.run().status == 0)
        #expect(folder.holds(expected))
    }

    @Test("a parameter of the command line that is wrong, or a model that is not there, is told once")
    func wrongCommandLine() throws {
        try folder.write(BatchFolder.pairs)
        for (more, word) in [
            (["--order", "3"], "order"), (["--budget", "1"], "budget"), (["--model", "absent"], "absent"),
        ] {
            let run = try folder.run(more)
            #expect(run.status == 1 && run.errors.contains(word), "\(run.errors)")
            #expect(folder.lines.isEmpty)
        }
        #expect(try folder.run(input: "nowhere.jsonl").errors.contains("nowhere.jsonl"))
        #expect(try folder.run(["--pairs", "top:x"]).status != 0)
        #expect(try folder.run(["--workers", "0"]).errors.contains("--workers"))
    }

    @Test("two runs do not write to one file")
    func twoRuns() throws {
        let first = try folder.start(["--window", "1"])
        try first.feed(BatchFolder.pairs[0] + "\n")
        try folder.waitForLines(1)
        try folder.write(BatchFolder.pairs)
        let second = try folder.run()
        #expect(second.status != 0 && second.errors.contains("another 'fixlipd batch' is writing to out.jsonl"))
        try first.endInput()
        #expect(first.waitForExit() == 0)
    }

    @Test("CSV gives the values that JSON lines give")
    func csv() throws {
        let lines = [
            #"{"id": "a", "image": "\#(image)", "text": "a \"red\" rose, and\na dog", "order": 1}"#,
            #"{"id": "b", "image": "\#(image)", "text": "a kite"}"#,
        ]
        let expected = try BatchFolder.undisturbed(lines)
        let quoted = "\"a \"\"red\"\" rose, and\na dog\""
        try folder.write(
            ["id,image,text,order,split", "a,\(image),\(quoted),1,val", "b,\(image),a kite,,val", "c,\(image)"],
            to: "pairs.csv")
        let run = try folder.run(["--ignore", "split"], input: "pairs.csv")
        #expect(run.status == 1)
        #expect(folder.holds(expected) { !$0.contains("\"error\"") })
        #expect(
            try folder.results().contains {
                $0.error?.message.contains("it has 2 fields, and the header has 5") == true
            })
    }

    @Test("selected pairs, base64 and no boxes make short lines")
    func shortLines() throws {
        let pair = #"{"id": 1, "image": "\#(image)", "text": "a red rose", "model": "demo"}"#
        try folder.write([pair])
        #expect(try folder.run().status == 0)
        let long = try #require(folder.lines.first)
        #expect(try folder.run(["--force", "--pairs", "top:5", "--encoding", "base64", "--no-boxes"]).status == 0)
        let short = try #require(folder.lines.first)
        let result = try BatchLine(printed: short)
        let values = try #require(result.values)
        #expect(values.pairs?.items?.count == 5)
        guard case .base64 = values.first else {
            Issue.record("\(values.first) are no base64")
            return
        }
        #expect(result.players?.image?.boxes == nil && result.players?.image?.count == 49)
        #expect(short.utf8.count * 8 < long.utf8.count)
        #expect(!short.contains("elapsedMilliseconds"))
    }

    @Test("seeds are of the image and of the caption, or with --seeds id of the id; the line's own comes first")
    func seeds() throws {
        let pairs = [
            #"{"id": 1, "image": "\#(image)", "text": "a red rose"}"#,
            #"{"id": 2, "image": "\#(image)", "text": "a dog"}"#,
            #"{"id": 3, "image": "\#(DaemonProcess.scenes)/scene-04.png", "text": "a dog"}"#,
            #"{"id": 4, "image": "\#(image)", "text": "a dog", "seed": 12}"#,
        ]
        try folder.write(pairs)
        #expect(try folder.run().status == 0)
        func seed(_ id: JSONValue) throws -> JSONValue { try #require(try folder.result(id)?.seed) }
        let seeds = try [1, 2, 3].map { try seed($0).decode(Seeds.self) }
        #expect(seeds[0].image == seeds[1].image)
        #expect(seeds[0].text != seeds[1].text)
        #expect(seeds[1].text == seeds[2].text)
        #expect(seeds[1].image != seeds[2].image)
        #expect(try seed(4) == 12)
        #expect(try folder.run(["--force", "--seeds", "id"]).status == 0)
        #expect(try Set([seed(1), seed(2), seed(3)].compactMap(\.int)).count == 3)
    }
}
