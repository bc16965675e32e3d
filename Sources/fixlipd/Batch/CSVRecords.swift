import JSON

/// Records of comma-separated values with a header (RFC 4180), as objects whose members are named by the header.
struct CSVRecords {
    /// What is wrong with a record; the records after it can still be read.
    struct Failure: Error {
        let reason: String
    }

    private var names: [String] = []

    /// Columns that are text whatever they look like; others are read as JSON where they are JSON, so that a number is
    /// a number. Empty ones are left out.
    private static let textColumns: Set<String> = ["id", "image", "text"]

    /// Takes the header.
    /// - Throws: `Failure` where a name is missing or comes twice.
    init(header: [String]) throws(Failure) {
        for name in header {
            guard !name.isEmpty else { throw Failure(reason: "a column of the header has no name") }
            guard !names.contains(name) else { throw Failure(reason: "the header has the column \"\(name)\" twice") }
            names.append(name)
        }
    }

    func object(_ fields: [String]) throws(Failure) -> JSONValue {
        guard fields.count == names.count else {
            throw Failure(reason: "it has \(fields.count) fields, and the header has \(names.count)")
        }
        return JSONValue.object([:]).adding(
            zip(names, fields).map { name, field -> (String, JSONValue?) in
                if field.isEmpty { return (name, Optional.none) }
                if Self.textColumns.contains(name) { return (name, .string(field)) }
                return (name, (try? JSONValue(parsing: field)) ?? .string(field))
            })
    }

    /// The text of the next record; nil at the end. A field in quotes may go over several lines.
    static func text(from lines: LineReader) throws -> String? {
        var record = ""
        var quotes = 0
        repeat {
            guard record.utf8.count <= LineReader.longestLine, let line = try lines.next() else {
                return record.isEmpty ? nil : record
            }
            record += (record.isEmpty ? "" : "\n") + String(decoding: line, as: UTF8.self)
            quotes += line.count { $0 == UInt8(ascii: "\"") }
        } while quotes % 2 != 0
        return record
    }

    /// The fields of a record.
    static func fields(of record: String) throws(Failure) -> [String] {
        let quotes = record.utf8.count { $0 == UInt8(ascii: "\"") }
        guard quotes % 2 == 0 else { throw Failure(reason: "a quote is not closed") }
        var fields: [String] = []
        var field = ""
        var isQuoted = false
        var wasQuoted = false
        var rest = Substring(record).unicodeScalars
        while let scalar = rest.popFirst() {
            switch scalar {
            case "\"" where isQuoted:
                if rest.first == "\"" {
                    field.unicodeScalars.append(scalar)
                    rest.removeFirst()
                } else {
                    isQuoted = false
                }
            case _ where isQuoted: field.unicodeScalars.append(scalar)
            case "\"" where field.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case ",":
                fields.append(field)
                field = ""
                wasQuoted = false
            case _ where wasQuoted:
                throw Failure(reason: "something follows the closing quote of field \(fields.count + 1)")
            default: field.unicodeScalars.append(scalar)
            }
        }
        return fields + [field]
    }
}
