import Foundation
import JSON
import JSONRPC
import TestSupport

/// A folder with pairs, a daemon of its own that the first command starts, and the results.
final class BatchFolder {
    let path: String
    var output: String { path + "/out.jsonl" }
    static let model = DaemonProcess.fixtures + "/clip-small"

    init() throws { path = try DaemonProcess.makeFolder() }

    deinit {
        _ = try? Command(["stop"], folder: path)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// 40 pairs of 8 images and 10 captions, the images of neighbours differing.
    static let pairs: [String] = {
        let captions = [
            "a red rose", "a dog and a cat", "a postbox next to a cocktail glass", "a kite",
            "the whale on an orange background",
            "a snake", "two flags and a rose and an oncoming taxi in the street by the sea", "a coat", "camping here",
            "a green car",
        ]
        let images = (0..<6).map { "scene-0\($0)" } + ["quadrants-0", "quadrants-1"]
        return (0..<40).map { number in
            let image = "\(DaemonProcess.scenes)/\(images[number % images.count]).png"
            return #"{"id": "pair-\#(number)", "image": "\#(image)", "text": "\#(captions[number % captions.count])"}"#
        }
    }()

    func write(_ lines: [String], to name: String = "pairs.jsonl") throws {
        try lines.map { $0 + "\n" }.joined().write(toFile: path + "/" + name, atomically: true, encoding: .utf8)
    }

    static func arguments(_ input: String, _ more: [String]) -> [String] {
        ["batch", input, "-o", "out.jsonl", "--model", model, "--budget", "64"] + more
    }

    func run(_ more: [String] = [], input: String = "pairs.jsonl") throws -> Command {
        try Command(Self.arguments(input, more), folder: path)
    }

    func start(_ more: [String] = []) throws -> BatchCommand {
        try BatchCommand(Self.arguments("-", more), folder: path)
    }

    /// Whole lines of the results.
    var lines: [String] {
        let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
        return text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// Whether these lines, sorted, and no others that `counts` takes, are the results.
    func holds(_ expected: [String], where counts: (String) -> Bool = { _ in true }) -> Bool {
        lines.filter(counts).sorted() == expected
    }

    func results() throws -> [BatchLine] { try lines.map { try BatchLine(printed: $0) } }

    func result(_ id: JSONValue) throws -> BatchLine? { try results().first { $0.id == id } }

    /// A connection to the daemon that the first command started.
    func connect() throws -> RPCClient { try RPCClient(connectingTo: try UnixSocketAddress(path: path + "/f.sock")) }

    func waitForLines(_ count: Int) throws {
        try until("\(count) lines of results") { lines.count >= count }
    }

    /// Results of pairs explained in one go, by a daemon of their own.
    static func undisturbed(_ pairs: [String], _ more: [String] = []) throws -> [String] {
        let folder = try BatchFolder()
        try folder.write(pairs)
        let run = try folder.run(more)
        guard run.status == 0 else { throw UnfinishedRun(errors: run.errors) }
        return folder.lines.sorted()
    }
}

/// A run that did not end well, with what it wrote to standard error.
struct UnfinishedRun: Error {
    let errors: String
}
