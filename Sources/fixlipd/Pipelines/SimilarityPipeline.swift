import JSON
import JSONRPC

/// Similarity of the lines of standard input: of each image with all texts of the command line, or with the text of its
/// line.
struct SimilarityPipeline {
    let client: RPCClient
    /// Of the command line; if there are none, each line has its own.
    let texts: [String]
    let model: ModelOptions

    func run() throws {
        var output = PipelineOutput()
        try PipelineSource.standardInput(member: "image", isFile: true) { items in
            for (item, result) in zip(items, try results(of: items)) { try output.print(item, result) }
        }
        try output.finish()
    }

    private func results(of items: [PipelineItem]) throws -> [PipelineResult] {
        var results = [PipelineResult](repeating: .failure(PipelineFailure("failed")), count: items.count)
        var wanted: [(index: Int, image: String, text: String)] = []
        for (index, item) in items.enumerated() {
            do throws(PipelineFailure) {
                if let failure = item.failure { throw failure }
                wanted.append((index, try item.image("image"), try ownText(item)))
            } catch {
                results[index] = .failure(error)
            }
        }
        guard !wanted.isEmpty else { return results }
        let reply = try client.call("similarity", params: parameters(wanted.map(\.image), wanted.map(\.text)))
        for table in ["logits", "cosine"] { _ = try reply.required(table, of: "similarity") }
        for (position, item) in wanted.enumerated() {
            results[item.index] = .success(texts.isEmpty ? pair(position, reply) : row(position, reply))
        }
        for error in reply["errors"]?.array ?? [] {
            guard let position = error["index"]?.int else { continue }
            let failure = PipelineFailure(item: error)
            if texts.isEmpty || error["of"] == "images" {
                if wanted.indices.contains(position) { results[wanted[position].index] = .failure(failure) }
            } else {
                throw TextFailure(text: texts[position], reason: failure.message)
            }
        }
        return results
    }

    /// Empty where the texts of the command line are meant.
    private func ownText(_ item: PipelineItem) throws(PipelineFailure) -> String {
        guard texts.isEmpty else { return "" }
        guard item.members["text"] != nil else {
            throw PipelineFailure("the line has no \"text\", and there is no --text")
        }
        return try item.string("text")
    }

    private func parameters(_ images: [String], _ own: [String]) -> JSONValue {
        JSONValue.object([
            "images": .array(images.map { .string($0) }),
            "texts": .array((texts.isEmpty ? own : texts).map { .string($0) }),
            "pairing": texts.isEmpty ? "zip" : "all", "onError": "item",
        ]).adding([("model", model.model.map { .string(modelName($0)) })])
    }

    /// Of a line with its own text. CLIP has no probability of a pair.
    private func pair(_ position: Int, _ reply: JSONValue) -> [(String, JSONValue?)] {
        func number(_ table: String) -> JSONValue? {
            reply[table]?[0]?[position].flatMap { $0.isNull ? nil : $0 }
        }
        return [("logit", number("logits")), ("cosine", number("cosine")), ("probability", number("probabilities"))]
    }

    /// Of an image with all texts.
    private func row(_ position: Int, _ reply: JSONValue) -> [(String, JSONValue?)] {
        [
            ("texts", .array(texts.map { .string($0) })), ("logits", reply["logits"]?[position]),
            ("cosine", reply["cosine"]?[position]), ("probabilities", reply["probabilities"]?[position]),
        ]
    }

    /// A text of the command line is bad, so no line can have a result.
    struct TextFailure: Error, CustomStringConvertible {
        let text: String
        let reason: String
        var description: String { "--text \"\(text)\": \(reason)" }
    }
}
