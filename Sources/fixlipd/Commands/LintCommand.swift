import ArgumentParser
import CaptionLint
import Daemon
import Foundation
import JSON

/// `fixlipd lint`.
struct LintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lint",
        abstract: "Judges the captions and alternative texts of documents.",
        discussion: """
            Example: fixlipd lint docs --fail-on warning
            In folders, files that Git ignores are left out. Settings are read from the nearest .fixlip.toml, or from \
            [tool.fixlip] in pyproject.toml. docs/lint.md has the rules. The exit status is 1 if there are findings as grave as \
            --fail-on, and 2 if the model could not be asked.
            """)

    @Argument(help: "Documents, and folders of documents.", completion: .file())
    var paths: [String]

    @Option(help: "text, jsonl, sarif or github.")
    var format = ReportFormat.text

    @Option(name: .shortAndLong, help: "Write to this file instead of standard output.", completion: .file())
    var output: String?

    @Option(help: "error, warning, information, hint or never.")
    var failOn = FailureLevel.warning

    @Option(help: "Do not report the findings that this file accepts.", completion: .file())
    var baseline: String?

    @Option(help: "Write a file that accepts all findings, and report none.", completion: .file())
    var writeBaseline: String?

    @Option(
        help:
            "Write what the model says of each caption to this file: scores, words, other images, one JSON line each.",
        completion: .file())
    var evidence: String?

    @Option(
        name: .customLong("rule"), parsing: .singleValue,
        help: ArgumentHelp(
            "How grave a rule's findings are, or off; may be given several times.", valueName: "code=severity"))
    var rules: [RuleSeverity] = []

    @Flag(name: .customLong("no-model"), help: "Only rules that need no model.")
    var noModel = false

    @Option(
        name: .shortAndLong, parsing: .unconditional,
        help: "Masked images an explanation takes (\(LintSettings().budget)).")
    var budget: Int?

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if paths.isEmpty { throw ValidationError("name at least one document or folder") }
        let budgets = LintSettings.budgets
        if let budget, !budgets.contains(budget) {
            throw ValidationError(
                "--budget must be a whole number from \(budgets.lowerBound) to \(budgets.upperBound); it is \(budget)")
        }
    }

    func run() async throws {
        let accepted = try baseline.map { try Baseline(parsing: try contents(of: $0)) }
        let file = try (writeBaseline ?? output).map { try OutputFile($0) }
        let evidenceFile = try evidence.map { try OutputFile($0) }
        let run = LintRun(link: try makeLink(), overrides: overrides)
        let outcome = try await run.report(of: paths)
        try evidenceFile?.replace(with: Array(outcome.evidence.utf8))
        if writeBaseline != nil, let file {
            try file.replace(with: Array(try Baseline.text(of: outcome.report).utf8))
            TextOutput.note("\(outcome.report.entries.count) findings are accepted from here on")
            return
        }
        let report = accepted.map { $0.reduce(outcome.report) } ?? outcome.report
        let text = try format.write(report, version: FIxLIPDaemonVersion.program)
        if let file {
            try file.replace(with: Array(text.utf8))
        } else {
            // What is for programs has escapes of its own.
            let isForPeople = format == .text || format == .github
            TextOutput.write(isForPeople ? text.printable(inLines: true) : text, to: STDOUT_FILENO)
        }
        if format == .text, output == nil { TextOutput.note(Self.summary(report, outcome.documents)) }
        if let failure = outcome.failure {
            TextOutput.note("Error: captions were not judged by a model: \(failure)")
            throw ExitCode(2)
        }
        if let level = failOn.severity, report.reaches(level) { throw ExitCode(1) }
    }

    private func makeLink() throws -> DaemonLink {
        let daemon = SharedDaemon(daemon)
        return try DaemonLink { try daemon.connect() }
    }

    /// What the options set, over the settings of every document.
    private var overrides: @Sendable (LintSettings) -> LintSettings {
        let (rules, noModel, budget, model) = (rules, noModel, budget, model.name)
        return { settings in
            var settings = settings
            for rule in rules { settings.severities.updateValue(rule.severity, forKey: rule.rule) }
            if noModel {
                for rule in Rule.allCases where rule.needsModel { settings.severities.updateValue(nil, forKey: rule) }
            }
            if let budget { settings.budget = budget }
            if let model { settings.model = model }
            return settings
        }
    }

    private static func summary(_ report: LintReport, _ documents: Int) -> String {
        let counts = Severity.allCases.compactMap { severity -> String? in
            let count = report.count(severity)
            let name = count == 1 || severity == .information ? severity.rawValue : severity.rawValue + "s"
            return count > 0 ? "\(count) \(name)" : nil
        }
        let found = counts.isEmpty ? "no findings" : counts.joined(separator: ", ")
        return "\(found) in \(documents) \(documents == 1 ? "document" : "documents")"
    }
}

extension ReportFormat: ExpressibleByArgument {}

/// `code=severity`.
struct RuleSeverity: ExpressibleByArgument, Sendable {
    let rule: Rule
    let severity: Severity?

    init?(argument: String) {
        let parts = argument.split(separator: "=", maxSplits: 1).map(String.init)
        guard parts.count == 2, let rule = Rule(code: parts[0]) else { return nil }
        let severity = Severity(rawValue: parts[1])
        guard severity != nil || parts[1] == "off" else { return nil }
        self.rule = rule
        self.severity = severity
    }
}

/// Which findings make the command fail.
enum FailureLevel: String, ExpressibleByArgument, CaseIterable {
    case error, warning, information, hint, never

    var severity: Severity? { Severity(rawValue: rawValue) }
}
