import ArgumentParser
import Digests
import JSON

/// What the lines of a batch are written in.
enum PairFormat: String, CaseIterable, ExpressibleByArgument {
    case jsonl, csv

    /// The format that the file's name tells of: CSV for `.csv`, else JSON lines.
    init(path: String) { self = path.lowercased().hasSuffix(".csv") ? .csv : .jsonl }
}

/// The pairs of a file or of standard input, one after the other.
final class PairReader {
    enum Entry {
        case pair(Pair)
        /// A line that is not a pair, a digest of what it says, and why.
        case bad(line: Int, digest: String, kind: String, reason: String)
    }

    let lines: LineReader
    private let format: PairFormat
    private let maker: PairMaker
    private var records: CSVRecords?
    private var firstLines: [String: Int] = [:]

    /// - Parameter lines: at their beginning.
    init(lines: LineReader, format: PairFormat, maker: PairMaker) throws {
        self.lines = lines
        self.format = format
        self.maker = maker
        if format == .csv {
            do {
                guard let header = try CSVRecords.text(from: lines) else { return }
                records = try CSVRecords(header: CSVRecords.fields(of: header))
            } catch let error as CSVRecords.Failure {
                throw LineReader.Failure(path: lines.path, reason: "line 1: \(error.reason)")
            }
        }
    }

    /// The next pair, or the next line that is none; nil at the end. Blank lines are passed over.
    /// - Throws: `LineReader.Failure`.
    func next() throws -> Entry? {
        guard let (object, line, bytes) = try nextObject() else { return nil }
        func bad(_ kind: String, _ reason: String) -> Entry {
            let digest = bytes.withUnsafeBytes { sha256($0) }
            return .bad(line: line, digest: String(digest.prefix(16)), kind: kind, reason: "line \(line): \(reason)")
        }
        do throws(PairMaker.Failure) {
            let pair = try maker.pair(try object.get(), line: line, bytes: bytes.count)
            if let first = firstLines[pair.key] {
                return bad("duplicateID", "the id \(pair.key) was on line \(first) already; ids must differ")
            }
            firstLines[pair.key] = line
            return .pair(pair)
        } catch {
            return bad("lineInvalid", error.reason)
        }
    }

    private func nextObject() throws -> (Result<JSONValue, PairMaker.Failure>, line: Int, bytes: [UInt8])? {
        guard format == .jsonl else { return try nextRecord() }
        while let line = try lines.next() {
            if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) { continue }
            let bytes = Array(line)
            do throws(JSONError) {
                return (.success(try JSONValue(parsing: bytes)), lines.number, bytes)
            } catch {
                return (.failure(.init(reason: error.withoutLine)), lines.number, bytes)
            }
        }
        return nil
    }

    private func nextRecord() throws -> (Result<JSONValue, PairMaker.Failure>, line: Int, bytes: [UInt8])? {
        guard let records else { return nil }
        while true {
            let line = lines.number + 1
            guard let text = try CSVRecords.text(from: lines) else { return nil }
            if text.isEmpty { continue }
            let bytes = Array(text.utf8)
            do throws(CSVRecords.Failure) {
                return (.success(try records.object(CSVRecords.fields(of: text))), line, bytes)
            } catch {
                return (.failure(.init(reason: error.reason)), line, bytes)
            }
        }
    }
}
