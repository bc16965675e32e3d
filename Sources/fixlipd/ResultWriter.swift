import ArgumentParser
import Foundation
import JSON

/// Lines of JSON to a file, with the summary on standard output; without a file, the lines on standard output and the summary on
/// standard error.
struct ResultWriter {
    private let file: FileHandle?

    /// - Throws: `ValidationError` where the file cannot be written.
    init(path: String?) throws {
        guard let path else {
            file = nil
            return
        }
        let descriptor = open(absolutePath(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw ValidationError("cannot write \(path): \(String(cString: strerror(errno)))") }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    func write(_ value: JSONValue) throws {
        TextOutput.write(try value.text() + "\n", to: file?.fileDescriptor ?? STDOUT_FILENO)
    }

    func end(with summary: [String]) {
        for line in summary {
            if file == nil { TextOutput.note(line) } else { TextOutput.line(line) }
        }
    }
}
