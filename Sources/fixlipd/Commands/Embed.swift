import ArgumentParser
import JSON
import JSONRPC

struct Embed: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints one JSON line per input: {\"input\", \"embedding\"}.",
        discussion: """
            Inputs are image files, or texts with --text. - reads them from standard input, one a line as they come; a line \
            may also be a JSON object with "image" or "text", whose members are repeated. An input that fails has an "error" \
            instead of an embedding, and the exit status is 1.
            Example: find photos -name '*.jpg' | fixlipd embed - > embeddings.jsonl
            """)

    @Argument(help: "Image files, or texts with --text; - reads lines of standard input.", completion: .images)
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
        var output = PipelineOutput()
        func embed(_ items: [PipelineItem]) throws {
            for (item, result) in zip(items, try results(of: items, client)) { try output.print(item, result) }
        }
        if inputs == ["-"] {
            try PipelineSource.standardInput(member: "input", isFile: !text, embed)
        } else {
            let items = inputs.map { PipelineItem(member: "input", $0) }
            for start in stride(from: 0, to: items.count, by: PipelineSource.batchSize) {
                try embed(Array(items[start..<min(start + PipelineSource.batchSize, items.count)]))
            }
        }
        try output.finish()
    }

    /// What is to be embedded.
    private enum Input {
        case image(String)
        case text(String)
    }

    private func input(_ item: PipelineItem) throws(PipelineFailure) -> Input {
        if let failure = item.failure { throw failure }
        if item.members["input"] != nil {
            let value = try item.string("input")
            return text ? .text(value) : .image(value)
        }
        if item.members["text"] == nil, item.members["image"] == nil {
            throw PipelineFailure("the line has neither \"image\" nor \"text\"")
        }
        // With both, --text decides.
        let isText = item.members["image"] == nil || (text && item.members["text"] != nil)
        return isText ? .text(try item.string("text")) : .image(try item.string("image"))
    }

    private func results(of items: [PipelineItem], _ client: RPCClient) throws -> [PipelineResult] {
        var results = [PipelineResult](repeating: .failure(PipelineFailure("failed")), count: items.count)
        var (images, texts): ([(Int, JSONValue)], [(Int, JSONValue)]) = ([], [])
        for (index, item) in items.enumerated() {
            do throws(PipelineFailure) {
                switch try input(item) {
                case .image(let path): images.append((index, .string(try imagePath(path))))
                case .text(let text): texts.append((index, .string(text)))
                }
            } catch {
                results[index] = .failure(error)
            }
        }
        for (method, member, wanted) in [("embed/image", "images", images), ("embed/text", "texts", texts)] {
            guard !wanted.isEmpty else { continue }
            let reply = try client.call(method, params: parameters(member, wanted.map(\.1)))
            let embeddings = try reply.required("embeddings", of: method)
            for (row, (index, _)) in wanted.enumerated() {
                guard let embedding = embeddings[row] else {
                    throw IncompleteResult(method: method, member: "embeddings[\(row)]")
                }
                results[index] = .success([("embedding", embedding)])
            }
            for error in reply["errors"]?.array ?? [] {
                guard let row = error["index"]?.int, wanted.indices.contains(row) else { continue }
                results[wanted[row].0] = .failure(PipelineFailure(item: error))
            }
        }
        return results
    }

    private func parameters(_ member: String, _ items: [JSONValue]) -> JSONValue {
        JSONValue.object([member: .array(items), "onError": "item"]).adding([
            ("model", model.model.map { .string(modelName($0)) }), ("normalize", noNormalize ? false : nil),
            ("encoding", base64 ? "base64" : nil),
        ])
    }
}
