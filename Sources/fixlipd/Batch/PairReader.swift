import ArgumentParser
import JSON

/// What the lines of a batch are written in.
enum PairFormat: String, CaseIterable, ExpressibleByArgument {
    case jsonl, csv

    /// By the name of the file: CSV for `.csv`, else JSON lines.
    init(path: String) { self = path.lowercased().hasSuffix(".csv") ? .csv : .jsonl }
}

/// The pairs of a file or of standard input, one after the other.
final class PairReader {
    enum Entry {
        case pair(Pair)
        /// A line that is no pair, and why.
        case bad(line: Int, kind: String, reason: String)
    }

    let lines: LineReader
    private let format: PairFormat
    private let maker: PairMaker
    private var records: CSVRecords?
    private var firstLines: [String: Int] = [:]

    init(path: String, format: PairFormat, maker: PairMaker) throws {
        lines = try LineReader(path: path)
        self.format = format
        self.maker = maker
        if format == .csv {
            do {
                guard let header = try CSVRecords.fields(from: lines) else { return }
                records = try CSVRecords(header: header)
            } catch let error as CSVRecords.Failure {
                throw LineReader.Failure(path: path, reason: "line 1: \(error.reason)")
            }
        }
    }

    /// The next pair, or the next line that is none; nil at the end. Blank lines are passed over.
    /// - Throws: `LineReader.Failure`.
    func next() throws -> Entry? {
        guard let (object, line, bytes) = try nextObject() else { return nil }
        switch object {
        case .failure(let error): return .bad(line: line, kind: "lineInvalid", reason: "line \(line): \(error.reason)")
        case .success(let object):
            do throws(PairMaker.Failure) {
                let pair = try maker.pair(object, line: line, bytes: bytes)
                if let first = firstLines[pair.key] {
                    return .bad(
                        line: line, kind: "duplicateID",
                        reason: "line \(line): the id \(pair.key) was on line \(first) already; ids must differ")
                }
                firstLines[pair.key] = line
                return .pair(pair)
            } catch {
                return .bad(line: line, kind: "lineInvalid", reason: "line \(line): \(error.reason)")
            }
        }
    }

    private func nextObject() throws -> (Result<JSONValue, PairMaker.Failure>, line: Int, bytes: Int)? {
        guard format == .jsonl else { return try nextRecord() }
        while let line = try lines.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            do throws(JSONError) {
                return (.success(try JSONValue(parsing: Array(line))), lines.number, line.count)
            } catch {
                return (.failure(.init(reason: error.withoutLine)), lines.number, line.count)
            }
        }
        return nil
    }

    private func nextRecord() throws -> (Result<JSONValue, PairMaker.Failure>, line: Int, bytes: Int)? {
        while true {
            let line = lines.number + 1
            do {
                guard let records, let fields = try CSVRecords.fields(from: lines) else { return nil }
                if fields == [""] { continue }
                let bytes = fields.reduce(0) { $0 + $1.utf8.count }
                return (.success(try records.object(fields)), line, bytes)
            } catch let error as CSVRecords.Failure {
                return (.failure(.init(reason: error.reason)), line, 0)
            }
        }
    }
}
