import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

struct Batch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explains many pairs, and resumes where it was interrupted.",
        discussion: """
            PAIRS has one pair a line, {"id": …, "image": …, "text": …} and any parameter of the method 'explain', which overrides \
            the command line's; or it is CSV with a header. Each pair becomes one line of OUT, with the id and either the result or \
            "error". Results do not depend on the order of pairs, on --workers or on restarts.

            Run the same command again to go on after an interruption: what is in OUT is skipped. A line of OUT carries a digest \
            ("request") of the pair's image, caption, parameters, seeds and model. If OUT has a pair whose digest differs, or a pair that \
            PAIRS lacks, it is the output of another run and refused before anything is explained, unless --force replaces it. \
            Standard input must begin again for that: it is read until it has had every pair of OUT. Times go to OUT.times.

            Example: fixlipd batch pairs.jsonl -o results.jsonl --budget 256 --pairs top:50 --encoding base64
            Status: 0, 1 if pairs failed or the run could not go on, 130 after Ctrl-C.
            """)

    @Argument(
        help: ArgumentHelp(
            "The pairs; - reads them from standard input. Left out with --summary, OUT is only read.",
            valueName: "pairs"), completion: .file())
    var input: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The results, one JSON line a pair.", valueName: "out"),
        completion: .file())
    var output: String

    @Option(help: "jsonl or csv; by the name of the file unless given.")
    var format: PairFormat?

    @Option(parsing: .unconditional, help: "How many pairs the daemon works on at a time.")
    var workers = 2

    @Option(
        parsing: .unconditional,
        help: "How many pairs are looked at together, to explain those of one image one after the other.")
    var window = 256

    @Flag(help: "Try the pairs again that failed.")
    var retry = false

    @Flag(help: "Replace OUT, even if it is the output of another run.")
    var force = false

    @Flag(help: "Print a table of R², masks, times and failures at the end.")
    var summary = false

    @Flag(name: .customLong("no-boxes"), help: "Leave out where in the image each patch lies.")
    var noBoxes = false

    @Option(
        help: """
            shared: image masks are drawn from the image's name and text masks from the caption, so that pairs share them; \
            id: all masks are drawn from the pair's id.
            """)
    var seeds = SeedSource.shared

    @Option(help: "Where relative image paths start from; the folder of PAIRS unless given.", completion: .directory)
    var imageFolder: String?

    @Option(help: "A member or column of PAIRS that is not a parameter; may be repeated.")
    var ignore: [String] = []

    @OptionGroup var estimate: EstimateOptions
    @OptionGroup var refinement: RefinementOptions
    @OptionGroup var options: ExplanationOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard workers >= 1, workers <= 64 else {
            throw ValidationError("--workers must be from 1 to 64; it is \(workers)")
        }
        guard window >= 1 else { throw ValidationError("--window must be at least 1; it is \(window)") }
        guard input != nil || summary else {
            throw ValidationError("name the file of pairs, or ask for the --summary of \(output)")
        }
    }

    func run() throws {
        if let input { try run(input) } else { try printSummary() }
    }

    private func run(_ input: String) throws {
        for path in [output, TimingFile.path(of: output)] where isSameFile(input, path) {
            throw ValidationError("\(path) is the input and would be written over; choose another file for the output")
        }
        let results = try ResultFile(path: output, ignoresContent: force)
        do {
            try run(input, results)
        } catch {
            // What could not begin leaves nothing behind.
            if results.removeIfUnused() { unlink(TimingFile.path(of: output)) }
            if error is LineReader.Interrupted { throw ExitCode(130) }
            throw error
        }
    }

    private func run(_ input: String, _ results: ResultFile) throws {
        let daemon = try BatchDaemon(self.daemon)
        // A model that cannot be loaded is told once, not for each pair.
        _ = try daemon.load(model.name)
        let maker = try pairMaker(
            daemon, folder: imageFolder ?? (input == "-" ? "." : FileName(input).folder))
        let format = self.format ?? PairFormat(path: input)
        let lines = try LineReader(path: input)
        let interrupt = try InterruptWatch()
        lines.interrupt = interrupt
        var total: Int?
        if lines.isFile || !results.records.isEmpty {
            try lines.keep()
            let check = try BatchCheck(PairReader(lines: lines, format: format, maker: maker), results)
            if lines.isFile { total = check.entries }
            try lines.rewind()
        }
        let reader = try PairReader(lines: lines, format: format, maker: maker)
        try results.prepare(retry: retry)
        var run = BatchRun(
            reader: reader, results: results,
            timings: try TimingFile(path: TimingFile.path(of: output), replaces: results.isEmpty), daemon: daemon,
            interrupt: interrupt, workers: workers, window: PairWindow(size: window),
            progress: BatchProgress(total: total), log: try self.daemon.address.path + ".log", withBoxes: !noBoxes)
        run.progress.begin("explaining \(total.map { "\($0) pairs" } ?? "pairs of \(lines.name)")")
        let wasInterrupted: Bool
        do {
            wasInterrupted = try run.run()
            run.progress.clear()
            if !wasInterrupted { try results.dropOtherBadLines() }
        } catch {
            run.progress.clear()
            if case BatchRun.Stop.interruptedTwice = error { throw ExitCode(130) }
            throw error
        }
        try results.sync()
        conclude(run.progress, results, wasInterrupted)
        if summary { try printSummary() }
        if wasInterrupted { throw ExitCode(130) }
        if results.failureCount > 0 { throw ExitCode(1) }
    }

    private func conclude(_ progress: BatchProgress, _ results: ResultFile, _ wasInterrupted: Bool) {
        var text = "\((progress.done - progress.failed).counted("pair")) explained, \(progress.failed) failed"
        if progress.skipped > 0 { text += ", \(progress.skipped) done before" }
        let earlier = results.failureCount - progress.failed
        if earlier > 0 { text += " (\(earlier) of them failed then; --retry tries them again)" }
        if wasInterrupted { text += "; interrupted: the same command resumes from here" }
        TextOutput.note(text)
    }

    private func printSummary() throws { TextOutput.line(try BatchSummary(path: output).text) }

    private func pairMaker(_ daemon: BatchDaemon, folder: String) throws -> PairMaker {
        let parameters = Explain.Parameters(
            open: try options.parameters(model: model), rules: refinement.rules, layout: estimate.layout)
        return PairMaker(
            // Each line has these itself, or gets them.
            defaults: try JSONValue(encoding: parameters).without(["image"]).without(["text"]).without(["seed"]),
            model: model.name, ignored: Set(ignore), seedSource: seeds, seed: options.seed ?? 0, imageFolder: folder,
            modelFacts: daemon.facts)
    }
}

extension SeedSource: ExpressibleByArgument {}
