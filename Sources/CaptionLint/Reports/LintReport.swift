import Captions
import JSON

/// The findings of several documents. Positions count Unicode scalars.
package struct LintReport: Sendable {
    package struct Entry: Sendable {
        /// The document's path as it was named.
        package var path: String
        package var finding: Finding
        /// What the finding is about: the caption, or the image where there is none. It stays when lines move.
        package var subject: String

        package init(path: String, finding: Finding, subject: String) {
            self.path = path
            self.finding = finding
            self.subject = subject
        }
    }

    package var entries: [Entry] = []

    package init() {}

    /// Adds a document's findings.
    package mutating func add(_ findings: [Finding], of document: ReadDocument, path: String) {
        entries += findings.map { finding in
            let caption = document.captions[finding.caption]
            let image = caption.image.hasPrefix("data:") ? "data:" : caption.image
            let name = image.split(separator: "/").last.map(String.init) ?? image
            return Entry(
                path: path, finding: finding, subject: caption.caption.isEmpty ? name : "\(name): \(caption.caption)")
        }
    }

    /// How many findings there are of each severity.
    package func count(_ severity: Severity) -> Int { entries.count { $0.finding.severity == severity } }

    /// Whether a finding is as grave as this or graver.
    package func reaches(_ severity: Severity) -> Bool { entries.contains { $0.finding.severity >= severity } }
}

/// Ways to write a report.
package enum ReportFormat: String, Sendable, CaseIterable {
    case text, jsonl, sarif, github

    /// - Parameter version: the program's, for SARIF.
    package func write(_ report: LintReport, version: String) throws -> String {
        switch self {
        case .text: report.entries.map(Self.line).joined()
        case .jsonl: try report.entries.map { try Self.json($0).text() + "\n" }.joined()
        case .sarif: try SARIF.document(report, version: version).text(pretty: true) + "\n"
        case .github: report.entries.map(GitHubAnnotation.line).joined()
        }
    }

    private static func line(_ entry: LintReport.Entry) -> String {
        let finding = entry.finding
        let place = "\(entry.path):\(finding.range.start.line + 1):\(finding.range.start.character + 1)"
        var text = "\(place): \(finding.severity): \(finding.message) [\(finding.rule.code)]\n"
        for related in finding.related {
            text +=
                "    \(entry.path):\(related.range.start.line + 1):\(related.range.start.character + 1): \(related.message)\n"
        }
        return text
    }

    private static func json(_ entry: LintReport.Entry) -> JSONValue {
        func place(_ range: TextRange) -> JSONValue {
            func position(_ position: TextPosition) -> JSONValue {
                ["line": .integer(Int64(position.line)), "character": .integer(Int64(position.character))]
            }
            return ["start": position(range.start), "end": position(range.end)]
        }
        let finding = entry.finding
        return [
            "path": .string(entry.path), "rule": .string(finding.rule.code),
            "severity": .string(finding.severity.rawValue),
            "message": .string(finding.message), "range": place(finding.range), "subject": .string(entry.subject),
            "related": .array(
                finding.related.map { ["message": .string($0.message), "range": place($0.range)] }),
        ]
    }
}

/// Commands to GitHub's runner ("Workflow commands for GitHub Actions", Setting a warning message).
enum GitHubAnnotation {
    static func line(_ entry: LintReport.Entry) -> String {
        let finding = entry.finding
        let command =
            switch finding.severity {
            case .error: "error"
            case .warning: "warning"
            case .information, .hint: "notice"
            }
        let range = finding.range
        var properties = [
            "file=\(property(entry.path))", "line=\(range.start.line + 1)", "endLine=\(range.end.line + 1)",
        ]
        // Columns count only within one line.
        if range.start.line == range.end.line {
            properties += ["col=\(range.start.character + 1)", "endColumn=\(range.end.character + 1)"]
        }
        properties.append("title=\(property(finding.rule.code))")
        return "::\(command) \(properties.joined(separator: ","))::\(data(finding.message))\n"
    }

    private static func data(_ text: String) -> String {
        text.replacing("%", with: "%25").replacing("\r", with: "%0D").replacing("\n", with: "%0A")
    }

    private static func property(_ text: String) -> String {
        data(text).replacing(":", with: "%3A").replacing(",", with: "%2C")
    }
}
