import Captions
import JSON
import PercentEncoding

/// The Static Analysis Results Interchange Format 2.1.0 (OASIS).
enum SARIF {
    static func document(_ report: LintReport, version: String) -> JSONValue {
        let rules = Rule.allCases.map { rule -> JSONValue in
            let level: JSONValue = .string(rule.defaultSeverity.map(level) ?? "none")
            return [
                "id": .string(rule.code), "shortDescription": ["text": .string(rule.summary)],
                "helpUri": .string(rule.documentation), "defaultConfiguration": ["level": level],
            ]
        }
        let driver: JSONValue = [
            "name": "fixlipd", "version": .string(version),
            "informationUri": "https://github.com/fixlipd/fixlipd", "rules": .array(rules),
        ]
        let run: JSONValue = [
            "tool": ["driver": driver], "columnKind": "unicodeCodePoints",
            "results": .array(report.entries.map(result)),
        ]
        return [
            "$schema": "https://json.schemastore.org/sarif-2.1.0.json", "version": "2.1.0", "runs": [run],
        ]
    }

    private static func result(_ entry: LintReport.Entry) -> JSONValue {
        let finding = entry.finding
        let index = Rule.allCases.firstIndex(of: finding.rule) ?? 0
        var result: JSONObject = [
            "ruleId": .string(finding.rule.code), "ruleIndex": .integer(Int64(index)),
            "level": .string(level(finding.severity)), "message": ["text": .string(finding.message)],
            "locations": [place(entry.path, finding.range)],
            "partialFingerprints": ["subject/v1": .string("\(finding.rule.code): \(entry.subject)")],
        ]
        if !finding.related.isEmpty {
            result["relatedLocations"] = .array(
                finding.related.map { related in
                    guard case .object(var location) = place(entry.path, related.range) else { return .null }
                    location["message"] = ["text": .string(related.message)]
                    return .object(location)
                })
        }
        return .object(result)
    }

    private static func place(_ path: String, _ range: TextRange) -> JSONValue {
        func number(_ value: Int) -> JSONValue { .integer(Int64(value + 1)) }
        let region: JSONValue = [
            "startLine": number(range.start.line), "startColumn": number(range.start.character),
            "endLine": number(range.end.line), "endColumn": number(range.end.character),
        ]
        return ["physicalLocation": ["artifactLocation": ["uri": .string(uri(path))], "region": region]]
    }

    private static func level(_ severity: Severity) -> String {
        switch severity {
        case .error: "error"
        case .warning: "warning"
        case .information, .hint: "note"
        }
    }

    /// A relative reference or, for a path from the root, a `file:` URI.
    private static func uri(_ path: String) -> String {
        let escaped = PercentEncoding.encoded(path: path.utf8)
        return path.hasPrefix("/") ? "file://" + escaped : escaped
    }
}
