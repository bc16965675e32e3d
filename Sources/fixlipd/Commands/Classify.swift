import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// `fixlipd classify`.
struct ClassifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "classify",
        abstract: "Prints which of some labels each image is of.",
        discussion: """
            Example: fixlipd classify *.png --labels labels.txt --template 'a photo of a {}' --why
            The file of labels has one a line. With several templates a class is the mean of its prompts; --template clip \
            stands for CLIP's short list of seven.
            """)

    @Argument(help: "Image files.", completion: .images)
    var images: [String]

    @Option(help: "A file with one label a line; - reads standard input.", completion: .file())
    var labels: String?

    @Option(parsing: .singleValue, help: "A label; may be given several times.")
    var label: [String] = []

    @Option(
        parsing: .singleValue, help: "A prompt with {} where the label stands, or clip; may be given several times.")
    var template: [String] = []

    @Option(parsing: .unconditional, help: "How many labels are shown of each image (5).")
    var top = 5

    @Flag(help: "Explain what speaks for the first label rather than the second.")
    var why = false

    @Flag(help: "Print the result as JSON and nothing else.")
    var json = false

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        guard (labels == nil) != label.isEmpty else { throw ValidationError("give --labels or --label") }
        guard top >= 1 else { throw ValidationError("--top must be at least 1; it is \(top)") }
        if why, json { throw ValidationError("--why is for people and --json for programs; give one of them") }
    }

    func run() throws {
        let names = try labels.map { try Self.lines(of: $0) } ?? label
        guard !names.isEmpty else { throw ValidationError("there are no labels in \(labels ?? "")") }
        let templates: Templates? =
            template.isEmpty ? nil : template == ["clip"] ? .clip : .own(template)
        let inputs = try images.map { ImageInput(.text(try imagePath($0))) }
        let client = try daemon.connect()
        let result = try client.call(
            Classify.self,
            .init(model: model.name, images: inputs, labels: names, templates: templates, topK: max(top, 2)))
        if json { return try TextOutput.json(try JSONValue(encoding: result), pretty: false) }
        for ((image, input), scores) in zip(zip(images, inputs), result.images) {
            TextOutput.line(image.printable())
            for score in scores.prefix(top) {
                TextOutput.line(
                    "\(Double(score.probability).fixed(3, width: 7))  \(Double(score.logit).fixed(2, width: 7))  \(score.name)"
                        .printable())
            }
            if why { try explain(input, scores, client) }
        }
    }

    /// The first label against the second.
    private func explain(_ image: ImageInput, _ scores: [ClassScore], _ client: RPCClient) throws {
        guard scores.count > 1 else { return }
        let prompts = template.isEmpty ? ["{}"] : template == ["clip"] ? ["a photo of a {}."] : template
        let filled = prompts[0]
        let target = Target.texts(
            zip(scores, [1.0, -1.0]).map {
                TargetText(text: filled.replacing("{}", with: $0.name), weight: $1)
            }, players: .words)
        let result = try client.call(
            Explain.self,
            .init(
                open: .init(model: model.name, image: image, target: target),
                layout: .init(pairs: PairSelection.none),
                render: RenderOptions(
                    format: .ansi, topK: 5, width: min(TextOutput.width, 120), colors: TextOutput.colors)))
        if let drawing = result.render { TextOutput.line(drawing.content) }
    }

    private static func lines(of file: String) throws -> [String] {
        String(decoding: try contents(of: file), as: UTF8.self).split(whereSeparator: \.isNewline)
            .map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}
