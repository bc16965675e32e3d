import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing

/// `fixlipd batch` as a program: what it writes, and that nothing disturbs it.
@Suite("Batches", .serialized, .timeLimit(.minutes(10)))
struct BatchProcessTests {
    let folder: BatchFolder

    init() throws { folder = try BatchFolder() }

    @Test("killed twice and resumed, in another order and with other workers: line for line as undisturbed")
    func killedTwice() throws {
        let pairs = BatchFolder.pairs
        let expected = try BatchFolder.undisturbed(pairs, ["--workers", "1"])
        #expect(expected.count == 40)
        // The input stands still after some lines, so that both kills come in the middle.
        for count in [13, 27] {
            let run = try folder.start(["--window", "1", "--workers", "3"])
            try run.feed(pairs.prefix(count).map { $0 + "\n" }.joined())
            try folder.waitForLines(count)
            run.send(SIGKILL)
            #expect(run.waitForExit() == -SIGKILL)
        }
        #expect(folder.lines.count == 27)
        try folder.write(pairs.reversed())
        let last = try folder.run(["--window", "64"])
        #expect(last.status == 0, "\(last.errors)")
        #expect(last.errors.contains("13 pairs explained, 0 failed, 27 done before"))
        #expect(folder.holds(expected))
    }

    @Test("a line cut off by a kill is written anew, and whole lines are left alone")
    func cutLine() throws {
        let pairs = Array(BatchFolder.pairs.prefix(6))
        let expected = try BatchFolder.undisturbed(pairs)
        try folder.write(pairs)
        #expect(try folder.run().status == 0)
        let whole = try String(contentsOfFile: folder.output, encoding: .utf8)
        try String(whole.dropLast(40)).write(toFile: folder.output, atomically: true, encoding: .utf8)
        let again = try folder.run()
        #expect(again.errors.contains("1 pair explained, 0 failed, 5 done before"))
        #expect(folder.holds(expected))
    }

    @Test("Ctrl-C finishes the pairs in hand; the same command resumes")
    func interrupt() throws {
        let pairs = BatchFolder.pairs
        let expected = try BatchFolder.undisturbed(Array(pairs.prefix(12)))
        let run = try folder.start(["--window", "1"])
        try run.feed(pairs.prefix(5).map { $0 + "\n" }.joined())
        try folder.waitForLines(5)
        let long = Self.longPair(masks: 1500) + "\n"
        try run.feed(long)
        let daemon = try folder.connect()
        try until("the long pair is in hand") {
            try !daemon.call(ExplanationList.self).explanations.isEmpty
        }
        run.send(SIGINT)
        #expect(run.waitForExit() == 130)
        #expect(run.errors.contains("in hand") && run.errors.contains("the same command resumes"))
        #expect(try folder.result("long")?.imageMasks == 1500)
        #expect(folder.lines.count == 6)

        // Also where it waits for input that does not come.
        let idle = try folder.start()
        try idle.feed(pairs.prefix(5).map { $0 + "\n" }.joined() + long + pairs[5] + "\n")
        try folder.waitForLines(7)
        idle.send(SIGINT)
        #expect(idle.waitForExit() == 130)

        let longResult = try #require(folder.lines.first { $0.contains("\"long\"") })
        let rest = try folder.start()
        try rest.feed(pairs.prefix(12).map { $0 + "\n" }.joined() + long)
        try rest.endInput()
        #expect(rest.waitForExit() == 0)
        #expect(folder.holds(expected) { $0 != longResult })
    }

    @Test("a second Ctrl-C does not wait for the pairs in hand; what is finished stays")
    func secondInterrupt() throws {
        let run = try folder.start(["--window", "1"])
        try run.feed(BatchFolder.pairs[0] + "\n")
        try folder.waitForLines(1)
        try run.feed(Self.longPair(masks: 60_000) + "\n")
        let daemon = try folder.connect()
        func isInHand() throws -> Bool {
            try !daemon.call(ExplanationList.self).explanations.isEmpty
        }
        try until("the long pair is in hand") { try isInHand() }
        run.send(SIGINT)
        try until("the first Ctrl-C is answered") { run.errors.contains("once more to stop at once") }
        run.send(SIGINT)
        #expect(run.waitForExit() == 130)
        #expect(folder.lines.count == 1)
        try until("the daemon gives the pair up") { try !isInHand() }
    }

    /// A pair with enough to do that it is surely in hand.
    private static func longPair(masks: Int) -> String {
        #"{"id": "long", "image": "\#(DaemonProcess.scenes)/scene-05.png", "text": "a rose", "model": "demo", "#
            + #""budget": {"imageMasks": \#(masks)}}"#
    }

    @Test("on a terminal a bar tells how many pairs are done, how fast, and how long the rest takes")
    func bar() throws {
        try folder.write(Array(BatchFolder.pairs.prefix(4)))
        let terminal = try Terminal()
        let run = try BatchCommand(
            BatchFolder.arguments("pairs.jsonl", ["--workers", "1"]), folder: folder.path, errors: terminal.program)
        #expect(run.waitForExit() == 0)
        let shown = terminal.shown
        // Only the first pair is surely drawn: the bar is drawn at most ten times a second.
        let first = try Regex("\r\u{1B}\\[K█{6}░{18} 1/4 pairs, [0-9.]+ pairs/s, [0-9]+ s left")
        #expect(shown.contains(first), "\(shown)")
        #expect(shown.contains("\r\u{1B}[K4 pairs explained, 0 failed"), "\(shown)")
    }

    @Test("a daemon that is killed is replaced, and the pair it had is explained by the next one")
    func daemonKilled() throws {
        let pairs = Array(BatchFolder.pairs.prefix(10))
        let long = Self.longPair(masks: 1500)
        let expected = try BatchFolder.undisturbed(pairs + [long])
        let run = try folder.start(["--window", "1"])
        try run.feed(pairs.prefix(5).map { $0 + "\n" }.joined())
        try folder.waitForLines(5)
        try run.feed(long + "\n")
        let daemon = try folder.connect()
        try until("the long pair is in hand") {
            try !daemon.call(ExplanationList.self).explanations.isEmpty
        }
        let pid = try daemon.call(ServerStatus.self).pid
        kill(Int32(pid), SIGKILL)
        try run.feed(pairs.dropFirst(5).map { $0 + "\n" }.joined())
        try run.endInput()
        #expect(run.waitForExit() == 0, "\(run.errors)")
        #expect(run.errors.contains("the daemon ended; starting another one"))
        #expect(folder.holds(expected))
    }

    @Test("with --no-spawn a daemon that is gone ends the run, and what is finished stays")
    func daemonGone() throws {
        #expect(try Command(["call", "server/ping"], folder: folder.path).status == 0)
        let run = try folder.start(["--window", "1", "--no-spawn"])
        try run.feed(BatchFolder.pairs.prefix(3).map { $0 + "\n" }.joined())
        try folder.waitForLines(3)
        #expect(try Command(["stop"], folder: folder.path).status == 0)
        try run.feed(BatchFolder.pairs[3] + "\n")
        try run.endInput()
        #expect(run.waitForExit() != 0)
        #expect(run.errors.contains("no daemon runs"))
        #expect(folder.lines.count == 3)
    }

    @Test("a budget of its own gives a pair the same values whatever else is warm, also with a stop rule")
    func nothingWarmCounts() throws {
        let image = DaemonProcess.scenes + "/scene-03.png"
        func line(_ id: String, _ more: String) -> String {
            #"{"id": "\#(id)", "image": "\#(image)", "text": "a red rose in the car by the sea", "model": "demo"\#(more)}"#
        }
        let pairs = [
            line("large", #", "budget": {"imageMasks": 400, "textMasks": 60}"#),
            line("small", #", "budget": {"imageMasks": 90, "textMasks": 30}"#),
            line("until", #", "until": {"standardError": 0.4}, "budget": {"imageMasks": 400}"#),
        ]
        let expected = try BatchFolder.undisturbed(pairs.reversed(), ["--workers", "1", "--window", "1"])
        try folder.write(pairs)
        #expect(try folder.run(["--workers", "1", "--window", "1"]).status == 0)
        #expect(folder.holds(expected))
        #expect(try folder.result("small")?.imageMasks == 90)
        #expect(try folder.result("small")?.textMasks == 30)
    }
}
