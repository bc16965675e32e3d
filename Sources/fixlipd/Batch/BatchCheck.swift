import JSON

/// Reads the pairs once before anything is explained, and compares them with the results there are. A file is read as a
/// whole, anything else until the pairs of all results have come, so that further ones are explained as they come.
struct BatchCheck {
    /// Lines read that are pairs or should be.
    private(set) var entries = 0

    /// - Throws: `Failure`, or `BatchRun.Stop.otherRun`, where the results are of another run;
    ///   `LineReader.Interrupted`.
    init(_ reader: PairReader, _ results: ResultFile) throws {
        var missing = Set(results.records.keys)
        let isFile = reader.lines.isFile
        while isFile || !missing.isEmpty, let entry = try reader.next() {
            entries += 1
            guard case .pair(let pair) = entry, let record = results.records[pair.key] else { continue }
            missing.remove(pair.key)
            guard record.hasFailed || record.digest == pair.digest else {
                throw BatchRun.Stop.otherRun(path: results.path, key: pair.key)
            }
        }
        if let stranger = missing.min() {
            throw Failure(results: results.path, pairs: reader.lines.name, key: stranger, count: missing.count)
        }
    }

    struct Failure: Error, CustomStringConvertible {
        let results: String
        let pairs: String
        let key: String
        let count: Int

        var description: String {
            "\(results) has \(count == 1 ? "a result" : "\(count) results"), such as \(key), that \(pairs) has no pair for: it is the output of "
                + "another run; choose another file, or replace it with --force"
        }
    }
}
