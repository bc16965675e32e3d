import FIxLIPProtocol
import JSON
import JSONRPC

/// Similarity of the lines of standard input: of each image with all texts of the command line, or with the text of its
/// line.
struct SimilarityPipeline {
    let client: RPCClient
    /// The texts of the command line; if there are none, each line has its own.
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
        var wanted: [(index: Int, image: ImageInput, text: String)] = []
        for (index, item) in items.enumerated() {
            do throws(PipelineFailure) {
                if let failure = item.failure { throw failure }
                wanted.append((index, try item.image(), try ownText(item)))
            } catch {
                results[index] = .failure(error)
            }
        }
        guard !wanted.isEmpty else { return results }
        let reply = try client.call(
            Similarity.self,
            .init(
                model: model.name, images: wanted.map(\.image), texts: texts.isEmpty ? wanted.map(\.text) : texts,
                pairing: texts.isEmpty ? .zip : .all, onError: .item))
        for (position, item) in wanted.enumerated() {
            let members = texts.isEmpty ? try pair(position, reply) : try row(position, reply)
            results[item.index] = .success(members)
        }
        for error in reply.errors ?? [] {
            let failure = PipelineFailure(message: error.message, code: error.code)
            if texts.isEmpty || error.of == "images" {
                if wanted.indices.contains(error.index) { results[wanted[error.index].index] = .failure(failure) }
            } else {
                throw TextFailure(
                    text: texts.indices.contains(error.index) ? texts[error.index] : "", reason: error.message)
            }
        }
        return results
    }

    /// The line's own text; empty where the texts of the command line are meant.
    private func ownText(_ item: PipelineItem) throws(PipelineFailure) -> String {
        guard texts.isEmpty else { return "" }
        guard item.hasText else { throw PipelineFailure("the line has no \"text\", and there is no --text") }
        return try item.text()
    }

    /// The result of a line with its own text. CLIP gives a pair no probability; it is null then.
    private struct Pair: Encodable {
        let logit, cosine, probability: Float?

        func encode(to encoder: any Encoder) throws {
            var members = encoder.container(keyedBy: CodingKeys.self)
            try members.encode(logit, forKey: .logit)
            try members.encode(cosine, forKey: .cosine)
            try members.encode(probability, forKey: .probability)
        }

        private enum CodingKeys: CodingKey { case logit, cosine, probability }
    }

    private func pair(_ position: Int, _ reply: Similarity.Result) throws -> [(String, JSONValue?)] {
        func number(_ table: [[Float?]]) -> Float? {
            guard let row = table.first, row.indices.contains(position) else { return nil }
            return row[position]
        }
        return try JSONValue.members(
            of: Pair(
                logit: number(reply.logits), cosine: number(reply.cosine), probability: number(reply.probabilities)))
    }

    /// The result of an image with all texts.
    private struct Row: Encodable {
        let texts: [String]
        let logits, cosine, probabilities: [Float?]
    }

    private func row(_ position: Int, _ reply: Similarity.Result) throws -> [(String, JSONValue?)] {
        func row(_ table: [[Float?]]) -> [Float?] { table.indices.contains(position) ? table[position] : [] }
        return try JSONValue.members(
            of: Row(
                texts: texts, logits: row(reply.logits), cosine: row(reply.cosine),
                probabilities: row(reply.probabilities)))
    }

    /// A text of the command line is bad, so no line can have a result.
    struct TextFailure: Error, CustomStringConvertible {
        let text: String
        let reason: String
        var description: String { "--text \"\(text)\": \(reason)" }
    }
}
