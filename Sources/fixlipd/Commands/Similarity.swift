import ArgumentParser
import FIxLIPProtocol
import JSON
import JSONRPC
import ShownText

/// `fixlipd similarity`.
struct SimilarityCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "similarity",
        abstract: "Prints how well images match texts.",
        discussion: """
            Example: fixlipd similarity a.png b.png --text 'a dog' --text 'a cat'
            - reads images from standard input, one a line as they come, and prints one JSON line for each. A line may also be a \
            JSON object with "image" and, unless --text is given, its own "text"; its members are repeated. A line that fails has \
            an "error" instead of a similarity, and the exit status is 1.
            """)

    @Argument(help: "Image files; - reads lines of standard input.", completion: .images)
    var images: [String]

    @Option(name: .shortAndLong, parsing: .singleValue, help: "A text; may be given several times.")
    var text: [String] = []

    @Flag(help: "Print the whole result as JSON.")
    var json = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if text.isEmpty, images != ["-"] { throw ValidationError("give at least one --text") }
    }

    func run() throws {
        let client = try daemon.connect()
        if images == ["-"] {
            try SimilarityPipeline(client: client, texts: text, model: model).run()
        } else {
            try printTable(client)
        }
    }

    private func printTable(_ client: RPCClient) throws {
        let result = try client.call(
            Similarity.self,
            .init(model: model.name, images: try images.map { ImageInput(.text(try imagePath($0))) }, texts: text))
        if json { return try TextOutput.json(try JSONValue(encoding: result), pretty: false) }
        TextOutput.line("  logit  cosine  probability")
        for (row, image) in images.enumerated() {
            for (column, text) in text.enumerated() {
                func number(_ table: [[Float?]]) -> Double? {
                    guard table.indices.contains(row), table[row].indices.contains(column) else { return nil }
                    return table[row][column].map(Double.init)
                }
                let logit = number(result.logits).map { $0.fixed(2, width: 7) } ?? "      –"
                let cosine = number(result.cosine).map { $0.fixed(3, width: 6) } ?? "     –"
                let probability = number(result.probabilities).map { $0.fixed(3, width: 11) } ?? "          –"
                TextOutput.line("\(logit)  \(cosine)  \(probability)  \(image)  \(text)".printable())
            }
        }
    }
}
