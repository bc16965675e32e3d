import ArgumentParser
import FIxLIPProtocol
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
        case image(ImageInput)
        case text(String)
    }

    private func input(_ item: PipelineItem) throws(PipelineFailure) -> Input {
        if let failure = item.failure { throw failure }
        if item.hasInput {
            let value = try item.input()
            return text ? .text(value) : .image(ImageInput(.text(try imagePath(value))))
        }
        if !item.hasText, !item.hasImage { throw PipelineFailure("the line has neither \"image\" nor \"text\"") }
        // With both, --text decides.
        let isText = !item.hasImage || (text && item.hasText)
        return isText ? .text(try item.text()) : .image(try item.image())
    }

    private func results(of items: [PipelineItem], _ client: RPCClient) throws -> [PipelineResult] {
        var results = [PipelineResult](repeating: .failure(PipelineFailure("failed")), count: items.count)
        var images: [(index: Int, image: ImageInput)] = []
        var texts: [(index: Int, text: String)] = []
        for (index, item) in items.enumerated() {
            do throws(PipelineFailure) {
                switch try input(item) {
                case .image(let image): images.append((index, image))
                case .text(let text): texts.append((index, text))
                }
            } catch {
                results[index] = .failure(error)
            }
        }
        let normalize = noNormalize ? false : nil
        let encoding: FloatEncoding? = base64 ? .base64 : nil
        if !images.isEmpty {
            let embedded = try client.call(
                EmbedImage.self,
                .init(
                    model: model.name, images: images.map(\.image), normalize: normalize, encoding: encoding,
                    onError: .item))
            try take(embedded, images.map(\.index), &results)
        }
        if !texts.isEmpty {
            let embedded = try client.call(
                EmbedText.self,
                .init(
                    model: model.name, texts: texts.map(\.text), normalize: normalize, encoding: encoding,
                    onError: .item))
            try take(embedded, texts.map(\.index), &results)
        }
        return results
    }

    private struct Line: Encodable {
        let embedding: EncodedFloats
    }

    /// - Parameter places: where the items stand among all results.
    private func take(_ embedded: Embeddings, _ places: [Int], _ results: inout [PipelineResult]) throws {
        for (place, embedding) in zip(places, embedded.embeddings) {
            if let embedding { results[place] = .success(try JSONValue.members(of: Line(embedding: embedding))) }
        }
        for error in embedded.errors ?? [] where places.indices.contains(error.index) {
            results[places[error.index]] = .failure(PipelineFailure(message: error.message, code: error.code))
        }
    }
}
