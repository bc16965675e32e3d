import Foundation
import JSON

/// How long each pair took, beside the results: times differ from run to run, and results do not.
final class TimingFile {
    private let path: String
    private let descriptor: Int32

    static func path(of results: String) -> String { results + ".times" }

    /// - Parameter replaces: whether what is in it is dropped.
    init(path: String, replaces: Bool) throws(ResultFile.Failure) {
        self.path = path
        descriptor = FileName(path).open(O_WRONLY | O_CREAT | O_APPEND | (replaces ? O_TRUNC : 0))
        guard descriptor >= 0 else { throw .cannotOpen(path: path, reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    private struct Line: Decodable {
        let id: JSONValue
        let seconds: Double
    }

    func append(id: JSONValue, seconds: Double) throws {
        // A line end first as well: the line before may have been cut off.
        let line: JSONValue = ["id": id, "seconds": .real((seconds * 1e4).rounded() / 1e4)]
        let bytes = Array("\n\(try line.text())\n".utf8)
        guard bytes.withUnsafeBytes({ write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
            throw ResultFile.Failure.cannotWrite(path: path, reason: String(cString: strerror(errno)))
        }
    }

    /// Seconds by the JSON text of the id; empty where there is no file.
    static func read(_ path: String) -> [String: Double] {
        var result: [String: Double] = [:]
        guard let lines = try? LineReader(path: path) else { return result }
        while let line = try? lines.next() {
            guard let time = try? JSONValue(parsing: Array(line)).decode(Line.self),
                let key = try? time.id.canonicalText()
            else { continue }
            result[key] = time.seconds
        }
        return result
    }
}
