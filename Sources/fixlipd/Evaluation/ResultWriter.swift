import Foundation
import JSON

/// Lines of JSON to a file, with the summary on standard output; without a file, the lines on standard output and the
/// summary on standard error.
struct ResultWriter {
    private let file: OutputFile?

    /// - Throws: `FileFailure`. What was in the file is gone.
    init(path: String?) throws(FileFailure) {
        guard let path else {
            file = nil
            return
        }
        file = try OutputFile(path)
        try file?.replace(with: [])
    }

    /// - Throws: `FileFailure` where the file takes no more, because the disk is full, say.
    func write(_ value: JSONValue) throws {
        let line = try value.text() + "\n"
        guard let file else { return TextOutput.write(line, to: STDOUT_FILENO) }
        try file.append(line)
    }

    func end(with summary: [String]) {
        for line in summary {
            if file == nil { TextOutput.note(line) } else { TextOutput.line(line) }
        }
    }
}
