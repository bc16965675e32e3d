import ArgumentParser
import JSON

struct Similarity: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Prints how well images match texts.",
        discussion: "Example: fixlipd similarity a.png b.png --text 'a dog' --text 'a cat'")

    @Argument(help: "Image files.")
    var images: [String]

    @Option(name: .shortAndLong, parsing: .singleValue, help: "A text; may be given several times.")
    var text: [String]

    @Flag(help: "Print the whole result as JSON.")
    var json = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if text.isEmpty { throw ValidationError("give at least one --text") }
    }

    func run() throws {
        let client = try daemon.connect()
        let parameters = JSONValue.object([
            "images": .array(images.map { .string(absolutePath($0)) }), "texts": .array(text.map { .string($0) }),
        ]).adding([("model", model.model.map { .string(modelName($0)) })])
        let result = try client.call("similarity", params: parameters)
        if json { return try TextOutput.json(result, pretty: false) }
        TextOutput.line("  logit  cosine  probability")
        for (row, image) in images.enumerated() {
            for (column, text) in text.enumerated() {
                func number(_ table: String) -> Double? { result[table]?[row]?[column]?.double }
                let logit = number("logits").map { $0.fixed(2, width: 7) } ?? "      –"
                let cosine = number("cosine").map { $0.fixed(3, width: 6) } ?? "     –"
                let probability = number("probabilities").map { $0.fixed(3, width: 11) } ?? "          –"
                TextOutput.line("\(logit)  \(cosine)  \(probability)  \(image)  \(text)")
            }
        }
    }
}
