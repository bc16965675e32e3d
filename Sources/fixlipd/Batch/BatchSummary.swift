import Foundation
import JSON

/// The table that `--summary` prints: how well pairs were explained, at what cost, and what went wrong.
struct BatchSummary {
    private var looR2: [Double] = []
    private var imageMasks: [Double] = []
    private var textMasks: [Double] = []
    private var seconds: [Double] = []
    private var explained = 0
    /// How many failures of a kind there are, and the message of the first.
    private var failures: [String: (count: Int, example: String)] = [:]

    /// - Throws: `LineReader.Failure`.
    init(path: String) throws {
        let times = TimingFile.read(TimingFile.path(of: path))
        let lines = try LineReader(path: path)
        while let line = try lines.next() {
            guard let value = try? JSONValue(parsing: Array(line)).decode(ResultLine.self) else { continue }
            if let error = value.error {
                let failure = (try? error.decode(ResultLine.Failure.self)) ?? ResultLine.Failure()
                let kind = failure.kind ?? failure.code.map { "error \($0)" } ?? "other"
                failures[kind, default: (0, failure.message ?? "")].count += 1
                continue
            }
            guard let id = value.id else { continue }
            explained += 1
            if let r2 = value.looR2?.double { looR2.append(r2) }
            if let masks = value.imageMasks?.double { imageMasks.append(masks) }
            if let masks = value.textMasks?.double { textMasks.append(masks) }
            if let key = try? id.canonicalText(), let time = times[key] { seconds.append(time) }
        }
    }

    var text: String {
        let failed = failures.values.reduce(0) { $0 + $1.count }
        var lines = ["\(explained.counted("pair")) explained, \(failed) failed"]
        if explained > 0 {
            lines.append(
                "\("".padded(18))\(["pairs", "mean", "least", "median", "most"].map { $0.leftPadded(9) }.joined())")
            lines += [
                row("leave-one-out R²", looR2, digits: 3), row("image masks", imageMasks, digits: 0),
                row("text masks", textMasks, digits: 0), row("seconds", seconds, digits: 2),
            ].compactMap { $0 }
        }
        for (kind, failure) in failures.sorted(by: { ($1.value.count, $0.key) < ($0.value.count, $1.key) }) {
            lines.append("\(failure.count) \(kind), first: \(failure.example)")
        }
        return lines.joined(separator: "\n")
    }

    private func row(_ name: String, _ values: [Double], digits: Int) -> String? {
        let sorted = values.sorted()
        guard let least = sorted.first, let most = sorted.last else { return nil }
        let middle = sorted.count / 2
        let median = sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
        let mean = sorted.reduce(0, +) / Double(sorted.count)
        let cells = [mean, least, median, most].map { $0.fixed(digits, width: 9) }
        return name.padded(18) + "\(sorted.count)".leftPadded(9) + cells.joined()
    }
}

extension String {
    fileprivate func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}
