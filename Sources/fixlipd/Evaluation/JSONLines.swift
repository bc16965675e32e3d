import ArgumentParser
import Foundation
import JSON

/// A file of JSON objects, one a line; blank lines do not count.
struct JSONLines {
    struct Line {
        /// Counted from 1, blank lines included.
        let number: Int
        let value: JSONValue
    }

    /// The file as errors name it: the path as given, or `standard input`.
    let name: String
    let lines: [Line]
    /// What relative paths in it are relative to: the file's folder; for standard input the working folder.
    private let folder: String

    /// - Parameter path: a file, or `-` for standard input.
    /// - Throws: `FileFailure`; `ValidationError` that names the file and the first line that is not a JSON object.
    init(path: String) throws {
        name = path == "-" ? "standard input" : path
        folder = path == "-" ? "." : FileName(path).folder
        let data = try contents(of: path)
        var lines: [Line] = []
        for (index, bytes) in data.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated()
        where !bytes.allSatisfy({ $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") || $0 == UInt8(ascii: "\t") }) {
            do {
                let value = try JSONValue(parsing: Array(bytes))
                guard value.object != nil else {
                    throw ValidationError("\(name), line \(index + 1): must be a JSON object, not \(value.kind)")
                }
                lines.append(Line(number: index + 1, value: value))
            } catch let error as JSONError {
                throw ValidationError("\(name), line \(index + 1): \(error.withoutLine)")
            }
        }
        self.lines = lines
    }

    /// A path in the file as the daemon understands it.
    func resolve(_ path: String) -> String {
        path.hasPrefix("data:") || path.hasPrefix("file:") ? path : FileName(folder).file(path).absolute
    }
}

extension JSONError {
    /// Its description, with the column alone as the place: the line is the file's.
    var withoutLine: String {
        guard case .malformed(let reason, _, let column, _) = self else { return description }
        return "not valid JSON: \(reason) (column \(column))"
    }
}
