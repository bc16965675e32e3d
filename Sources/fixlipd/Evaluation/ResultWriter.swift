import ArgumentParser
import Foundation
import JSON

/// Lines of JSON to a file, with the summary on standard output; without a file, the lines on standard output and the
/// summary on standard error.
struct ResultWriter {
    private let file: FileHandle?
    private let path: String

    /// - Throws: `ValidationError` where the file cannot be written.
    init(path: String?) throws {
        self.path = path ?? "standard output"
        guard let path else {
            file = nil
            return
        }
        let descriptor = open(absolutePath(path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw ValidationError("cannot write \(path): \(String(cString: strerror(errno)))")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    /// - Throws: `ValidationError` where the file takes no more, because the disk is full, say.
    func write(_ value: JSONValue) throws {
        let line = try value.text() + "\n"
        guard let file else { return TextOutput.write(line, to: STDOUT_FILENO) }
        do {
            try file.write(contentsOf: Data(line.utf8))
        } catch {
            throw ValidationError("cannot write \(path): \(error.localizedDescription)")
        }
    }

    func end(with summary: [String]) {
        for line in summary {
            if file == nil { TextOutput.note(line) } else { TextOutput.line(line) }
        }
    }
}
