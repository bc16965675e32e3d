import ArgumentParser
import Foundation
import JSON

struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints one JSON line per input: {\"input\", \"embedding\"}.",
        discussion: "Inputs are image files, or texts with --text; - reads them from standard input, one a line.")

    @Argument(help: "Image files, or texts with --text.")
    var inputs: [String]

    @Flag(help: "The inputs are texts.")
    var text = false

    @Flag(name: .customLong("no-normalize"), help: "Leave embeddings as the projection gives them.")
    var noNormalize = false

    @Flag(help: "Write embeddings as base64 of little-endian 32-bit floats.")
    var base64 = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func run() throws {
        let client = try daemon.connect()
        let all = inputs == ["-"] ? sequence(state: ()) { _ in readLine() }.map { $0 } : inputs
        let batchSize = 64
        var failed = 0
        for start in stride(from: 0, to: all.count, by: batchSize) {
            let batch = Array(all[start..<min(start + batchSize, all.count)])
            let items = JSONValue.array(batch.map { .string(text ? $0 : absolutePath($0)) })
            let parameters = JSONValue.object([text ? "texts" : "images": items, "onError": "item"]).adding([
                ("model", model.model.map { .string(modelName($0)) }), ("normalize", noNormalize ? false : nil),
                ("encoding", base64 ? "base64" : nil),
            ])
            let result = try client.call(text ? "embed/text" : "embed/image", params: parameters)
            for error in result["errors"]?.array ?? [] {
                failed += 1
                TextOutput.note("fixlipd: \(error["message"]?.string ?? "failed")")
            }
            for (index, input) in batch.enumerated() {
                guard let row = result["embeddings"]?[index], !row.isNull else { continue }
                try TextOutput.json(["input": .string(input), "embedding": row], pretty: false)
            }
        }
        if failed > 0 { throw ExitCode(1) }
    }
}
