import JSON

/// Findings that a project has accepted: they are not reported again until they change.
package struct Baseline: Sendable, Equatable {
    private struct Key: Hashable {
        let bytes: [UInt8]

        init(path: String, rule: String, subject: String) {
            bytes = Array("\(path)\u{0}\(rule)\u{0}\(subject)".utf8)
        }
    }

    private var counts: [Key: Int] = [:]

    /// Reads what ``text(of:)`` wrote.
    /// - Throws: `JSONError` for what is none.
    package init(parsing bytes: [UInt8]) throws(JSONError) {
        let value = try JSONValue(parsing: bytes)
        guard let findings = value["findings"]?.array else { throw .missing(path: "findings") }
        for finding in findings {
            guard let path = finding["path"]?.string, let rule = finding["rule"]?.string,
                let subject = finding["subject"]?.string
            else { throw .missing(path: "findings[].path, .rule or .subject") }
            counts[Key(path: path, rule: rule, subject: subject), default: 0] += finding["count"]?.int ?? 1
        }
    }

    /// The report without what is accepted. A finding that is accepted once is accepted for one place.
    package func reduce(_ report: LintReport) -> LintReport {
        var left = counts
        var result = LintReport()
        for entry in report.entries {
            let key = Key(path: entry.path, rule: entry.finding.rule.code, subject: entry.subject)
            if let count = left[key], count > 0 { left[key] = count - 1 } else { result.entries.append(entry) }
        }
        return result
    }

    /// A file that accepts all findings of a report.
    package static func text(of report: LintReport) throws -> String {
        var order: [(entry: LintReport.Entry, count: Int)] = []
        var places: [Key: Int] = [:]
        for entry in report.entries {
            let key = Key(path: entry.path, rule: entry.finding.rule.code, subject: entry.subject)
            if let place = places[key] {
                order[place].count += 1
            } else {
                places[key] = order.count
                order.append((entry, 1))
            }
        }
        let findings = order.map { entry, count -> JSONValue in
            [
                "path": .string(entry.path), "rule": .string(entry.finding.rule.code),
                "subject": .string(entry.subject), "count": .integer(Int64(count)),
            ]
        }
        return try JSONValue.object(["version": 1, "findings": .array(findings)]).text(pretty: true) + "\n"
    }
}
