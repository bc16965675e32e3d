import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// Explains pairs with some requests in flight and writes each result as it comes. Used from one thread.
struct BatchRun {
    /// Ends the run before the input does.
    enum Stop: Error, CustomStringConvertible {
        case wrongParameter(String)
        case daemonKeepsEnding(log: String)
        case otherRun(path: String, key: String)
        case interruptedTwice

        var description: String {
            switch self {
            case .wrongParameter(let message): message
            case .daemonKeepsEnding(let log):
                "the daemon ended five times in a row without finishing a pair (see \(log)); what is finished is kept, and the same command resumes from there"
            case .otherRun(let path, let key):
                "\(path) has a result for \(key) of another image, caption, model or parameters: it is the output of another run; choose another file, or replace it with --force"
            case .interruptedTwice: "interrupted"
            }
        }
    }

    let reader: PairReader
    let results: ResultFile
    let timings: TimingFile
    let daemon: BatchDaemon
    let interrupt: InterruptWatch
    let workers: Int
    let log: String
    let withBoxes: Bool
    var window: PairWindow
    var progress: BatchProgress

    /// Pairs to be tried again, before any others.
    private var again: [Pair] = []
    private var inFlight: [Int64: (pair: Pair, start: ContinuousClock.Instant)] = [:]
    private var isStopping = false
    /// Whether somebody told the daemon to stop: no pair is to blame.
    private var isDaemonStopping = false
    /// Daemons that ended since a pair was finished.
    private var deaths = 0

    private static let deathsOfPair = 2
    private static let deathsInARow = 5
    private static let refusals = 30

    init(
        reader: PairReader, results: ResultFile, timings: TimingFile, daemon: BatchDaemon, interrupt: InterruptWatch,
        workers: Int, window: PairWindow, progress: BatchProgress, log: String, withBoxes: Bool
    ) {
        self.reader = reader
        self.results = results
        self.timings = timings
        self.daemon = daemon
        self.interrupt = interrupt
        self.workers = workers
        self.window = window
        self.progress = progress
        self.log = log
        self.withBoxes = withBoxes
    }

    /// Runs to the end of the input, or until an interrupt and the end of the pairs in hand.
    /// - Returns: whether it was interrupted.
    /// - Throws: `Stop`, `ResultFile.Failure`, `LineReader.Failure`, and what `BatchDaemon` throws.
    mutating func run() throws -> Bool {
        while true {
            do {
                while !isStopping, inFlight.count < limit, inFlight.isEmpty || hasMore, let pair = try nextPair() {
                    let number = try daemon.client.send(Explain.name, params: request(of: pair))
                    inFlight[number] = (pair, .now)
                }
                if inFlight.isEmpty { return isStopping }
                switch try daemon.client.nextReply(interrupt: interrupt) {
                case .interrupted:
                    guard !isStopping else { throw Stop.interruptedTwice }
                    isStopping = true
                    progress.clear()
                    TextOutput.note(
                        "finishing the \(inFlight.count == 1 ? "pair" : "\(inFlight.count) pairs") in hand; once more to stop at once"
                    )
                case .reply(_, .failure(let error)) where error.code == RPCError.Code.shuttingDown:
                    // Its pair is tried again once the connection has ended with the daemon.
                    isDaemonStopping = true
                case .reply(let number, let outcome):
                    guard let (pair, start) = inFlight.removeValue(forKey: number) else { continue }
                    try take(outcome, of: pair, seconds: (ContinuousClock.now - start) / .seconds(1))
                }
            } catch is LineReader.Interrupted {
                isStopping = true
            } catch RPCClientError.disconnected {
                try restart()
            } catch RPCClientError.system(_, _, let reason) where reason == ECONNRESET || reason == EPIPE {
                try restart()
            }
        }
    }

    /// Its parameters, and the map that the run began with unless it chooses another.
    private func request(of pair: Pair) -> JSONValue {
        guard let prior = results.prior, pair.request["prior"] == nil else { return pair.request }
        return pair.request.adding([("prior", .string(prior))])
    }

    /// A pair that a daemon ended on is tried alone, to tell it from those beside it.
    private var limit: Int {
        again.contains { $0.deaths > 0 } || inFlight.values.contains { $0.pair.deaths > 0 } ? 1 : workers
    }

    private mutating func nextPair() throws -> Pair? {
        if !again.isEmpty { return again.removeFirst() }
        var window = window
        defer { self.window = window }
        return try window.next(mayWait: inFlight.isEmpty) { try readPair(mayWait: $0) }
    }

    /// Whether another pair can be had without waiting for the input: replies come first.
    private var hasMore: Bool { !again.isEmpty || !window.isEmpty || reader.lines.isReady }

    /// The next pair of the input that is not done; lines that are not pairs are answered here. Nil at the end, and
    /// where the input would have to be waited for and may not.
    private mutating func readPair(mayWait: Bool) throws -> Pair? {
        while mayWait || reader.lines.isReady, let entry = try reader.next() {
            switch entry {
            case .bad(let line, let digest, let kind, let reason):
                if results.takeBadLine(digest) {
                    progress.skip()
                    continue
                }
                try results.append([
                    "line": .integer(Int64(line)), "digest": .string(digest),
                    "error": ["kind": .string(kind), "message": .string(reason)],
                ])
                progress.finish(hasFailed: true)
            case .pair(let pair):
                guard let record = results.records[pair.key] else { return pair }
                guard record.hasFailed || record.digest == pair.digest else {
                    throw Stop.otherRun(path: results.path, key: pair.key)
                }
                progress.skip()
            }
        }
        return nil
    }

    private mutating func take(_ outcome: Result<JSONValue, RPCError>, of pair: Pair, seconds: Double) throws {
        switch outcome {
        case .success(let result):
            guard !(try Explain.result(from: result).players.text.isEmpty) else {
                return try fail(pair, [:], "textInvalid", "\(WordlessCaption())", seconds)
            }
            try write(pair, members(of: result), seconds)
        case .failure(let error) where shouldTryAgain(pair, error):
            var pair = pair
            pair.refusals += 1
            again.append(pair)
            // Nothing else that ends will make room: give other clients of the daemon some time.
            if inFlight.isEmpty { usleep(200_000) }
        case .failure(let error):
            try stopIfParametersAreWrong(pair, error)
            try fail(pair, ["code": .integer(Int64(error.code))], error.facts?.kind, error.message, seconds)
        }
    }

    private func shouldTryAgain(_ pair: Pair, _ error: RPCError) -> Bool {
        guard pair.refusals < Self.refusals else { return false }
        return error.facts?.retryable == true
            || (error.code == ErrorKind.memoryLimit.rawValue && !inFlight.isEmpty)
    }

    /// A parameter of the command line that is wrong is wrong for every pair.
    private func stopIfParametersAreWrong(_ pair: Pair, _ error: RPCError) throws {
        let name: String?
        if error.code == RPCError.Code.invalidParams {
            name = error.facts?.parameter?.split(separator: ".").first.map(String.init)
        } else {
            name = error.code == ErrorKind.budgetInvalid.rawValue ? "budget" : nil
        }
        guard let name, name != "image", name != "text", name != "seed", !pair.given.contains(name),
            pair.request.object?.keys.contains(name) == true
        else {
            return
        }
        throw Stop.wrongParameter(error.messageForUsers)
    }

    private func members(of result: JSONValue) -> JSONValue {
        let kept = result.without(["elapsedMilliseconds"])
        return withBoxes ? kept : kept.without(["players", "image", "boxes"])
    }

    private mutating func write(_ pair: Pair, _ members: JSONValue, _ seconds: Double) throws {
        let head: JSONValue = ["id": pair.id, "request": .string(pair.digest)]
        let seeded = head.adding([("seed", pair.seed)])
        try results.append(seeded.adding((members.object ?? [:]).map { ($0.key, $0.value) }))
        try timings.append(id: pair.id, seconds: seconds)
        deaths = 0
        progress.finish(hasFailed: false)
    }

    private mutating func fail(
        _ pair: Pair, _ code: JSONValue, _ kind: String?, _ message: String, _ seconds: Double
    ) throws {
        let error = code.adding([("kind", kind.map { .string($0) }), ("message", .string(message))])
        try results.append(["id": pair.id, "request": .string(pair.digest), "error": error])
        progress.finish(hasFailed: true)
    }

    /// The daemon is gone: its pairs are tried again with the next one, and one that ends daemons is given up.
    private mutating func restart() throws {
        deaths += 1
        let isAlone = inFlight.count == 1
        for (_, lost) in inFlight.sorted(by: { $0.key < $1.key }) {
            var pair = lost.pair
            if !isDaemonStopping { pair.deaths += 1 }
            if isAlone, pair.deaths >= Self.deathsOfPair {
                try fail(pair, [:], "daemonEnded", "the daemon ended each time it explained this pair (see \(log))", 0)
            } else {
                again.append(pair)
            }
        }
        inFlight = [:]
        isDaemonStopping = false
        guard deaths < Self.deathsInARow else { throw Stop.daemonKeepsEnding(log: log) }
        if isStopping { return }
        progress.clear()
        TextOutput.note("the daemon ended; starting another one")
        try daemon.reconnect()
    }
}
