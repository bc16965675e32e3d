import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

struct Evaluate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Measures explanations of a list of images and captions by the paper's metrics.",
        discussion: """
            A line of PAIRS is {"id": …, "image": "a.png", "text": "a dog and a cat"}.
            For the pointing game add "targets": [{"word": "dog", "quadrant": "topLeft"}, …].
            Relative images are looked for beside the list. Each pair gives a line of JSON.
            A table of means with 95% intervals ends the run.
            Example: fixlipd evaluate pairs.jsonl --at 0.5 --at shapley --output results.jsonl
            """)

    @Argument(help: "The list, a JSON object a line; - reads standard input.", completion: .file())
    var pairs: String

    @Option(
        parsing: .singleValue,
        help:
            "faithfulness, insertionDeletion, pointingGame or mapCorrelation; may be given several times (the first three, where a pair allows them)."
    )
    var metric: [EvaluationMetric] = []

    @Option(
        parsing: .singleValue,
        help:
            "Where faithfulness is measured: a probability of presence, or shapley for its kernel; may be given several times (as estimated)."
    )
    var at: [FaithfulnessSetting] = []

    @Option(
        parsing: .unconditional,
        help: "Coalitions drawn for faithfulness (\(ExplanationEvaluate.Parameters.defaultSamples)).")
    var samples: Int?

    @Option(name: .customLong("samples-seed"), parsing: .unconditional, help: "Seed of those coalitions (0).")
    var samplesSeed: UInt32?

    @Flag(
        name: .customLong("image-side"),
        help: "Measure faithfulness on the image's coalitions alone, too, with the whole caption shown.")
    var imageSide = false

    @Option(
        name: .customLong("map-masks"), parsing: .unconditional,
        help:
            "Image masks of the map that mapCorrelation compares with, under another seed (\(ExplanationEvaluate.Parameters.defaultMasks))."
    )
    var mapMasks: Int?

    @OptionGroup var refinement: RefinementOptions

    @Option(
        name: .shortAndLong, help: "Write the lines of JSON to this file, and the table to standard output.",
        completion: .file())
    var output: String?

    @OptionGroup var options: ExplanationOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if metric.contains(.pointingGame), options.order == 1 {
            throw ValidationError(
                "the pointing game reads pairs of words and patches: use --order 2 or another --metric")
        }
        if !at.isEmpty, !metric.isEmpty, !metric.contains(.faithfulness) {
            throw ValidationError("--at is about faithfulness; add --metric faithfulness or leave --at out")
        }
        if imageSide, !metric.isEmpty, !metric.contains(.faithfulness) {
            throw ValidationError(
                "--image-side is about faithfulness; add --metric faithfulness or leave --image-side out")
        }
        if mapMasks != nil, !metric.contains(.mapCorrelation) {
            throw ValidationError("--map-masks is about mapCorrelation; add --metric mapCorrelation or leave it out")
        }
    }

    func run() throws {
        let list = try JSONLines(path: pairs)
        let all = try list.lines.map { try EvaluationPair($0, in: list) }
        guard !all.isEmpty else { throw ValidationError("\(list.name) has no pairs") }
        if metric.contains(.pointingGame), let bare = all.first(where: \.targets.isEmpty) {
            throw ValidationError(
                "\(bare.place): the pointing game needs 'targets': [{\"word\": \"dog\", \"quadrant\": \"topLeft\"}, …]")
        }
        if let output, isSameFile(pairs, output) {
            throw ValidationError("\(output) is the input and would be written over; choose another file for --output")
        }
        let writer = try ResultWriter(path: output)
        let client = try daemon.connect()
        let interrupt = try InterruptWatch()
        var summary = EvaluationSummary()
        let bar = ProgressBar()
        var failed = 0
        defer { bar.clear() }
        for (index, pair) in all.enumerated() {
            bar.show("pair \(index + 1)/\(all.count)  \(pair.text)")
            do {
                let measured = try PairEvaluation(pair, self, client, interrupt)
                for measure in measured.measures { summary.add(measure.name, measure.value) }
                try writer.write(measured.json)
            } catch RPCClientError.cancelled {
                bar.clear()
                throw ExitCode(130)
            } catch let error where error.concernsOnePair {
                failed += 1
                bar.clear()
                TextOutput.note("fixlipd: \(pair.place): \(error.message)")
                try writer.write(["id": pair.id, "error": .string(error.message)])
            }
        }
        bar.clear()
        writer.end(with: [headline(all.count, failed: failed)] + summary.table)
        if failed > 0 { throw ExitCode(1) }
    }

    private func headline(_ count: Int, failed: Int) -> String {
        var parts = [
            "\(count - failed) pair\(count - failed == 1 ? "" : "s")",
            "\(refinement.budget ?? Budget.defaultImageMasks) image masks",
        ]
        parts.append(
            options.index == .shapley ? "Shapley" : "Banzhaf p \(options.p ?? ExplanationOpen.Parameters.defaultP)")
        parts += [
            "order \(options.order ?? ExplanationOpen.Parameters.defaultOrder)",
            (options.estimator ?? ExplanationOpen.Parameters.defaultEstimator).rawValue,
        ]
        if failed > 0 { parts.append("\(failed) failed") }
        return parts.joined(separator: " · ")
    }
}

/// `0.3`, or `shapley`.
enum FaithfulnessSetting: ExpressibleByArgument, Equatable, Encodable {
    case bernoulli(Double)
    case shapley

    init?(argument: String) {
        if argument == "shapley" {
            self = .shapley
        } else if let p = Double(argument), p > 0, p < 1 {
            self = .bernoulli(p)
        } else {
            return nil
        }
    }

    static var allValueStrings: [String] { ["a number between 0 and 1", "shapley"] }

    var name: String {
        switch self {
        case .bernoulli(let p): "p \(p)"
        case .shapley: "Shapley"
        }
    }

    var sampling: CoalitionSampling {
        switch self {
        case .bernoulli: .bernoulli
        case .shapley: .shapley
        }
    }

    var p: Double? {
        if case .bernoulli(let p) = self { p } else { nil }
    }

    /// Written as parameters of `explanation/evaluate`.
    func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: CodingKeys.self)
        try members.encode(sampling, forKey: .sampling)
        try members.encodeIfPresent(p, forKey: .p)
    }

    private enum CodingKeys: CodingKey { case sampling, p }
}

extension EvaluationMetric: ExpressibleByArgument {}

extension Error {
    /// Whether the next pair may go better: the daemon refused this one, its caption has no words, or its targets do
    /// not fit it.
    fileprivate var concernsOnePair: Bool {
        if self is ValidationError || self is WordlessCaption { return true }
        if case .remote? = self as? RPCClientError { return true }
        return false
    }

    fileprivate var message: String {
        (self as? ValidationError)?.message ?? "\(self)"
    }
}
