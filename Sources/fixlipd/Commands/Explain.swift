import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

struct Explain: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explains why an image and a caption match.",
        discussion: """
            Shows the picture with the patches that matter, the caption's words by weight, and the strongest word–patch pairs.
            Example: fixlipd explain photo.jpg 'a dog on a beach' --html dog.html
            - in place of the image or the caption reads them from standard input, one a line, and prints one JSON line for each. \
            A line may also be a JSON object with "image" and "text"; its members are repeated. A line that fails has an "error" \
            instead of values, and the exit status is 1.
            """)

    @Argument(help: "The image: PNG, JPEG or WebP; - reads images from standard input.", completion: .images)
    var image: String

    @Argument(help: "The caption; words are joined by spaces. - reads captions from standard input.")
    var text: [String] = []

    @OptionGroup var refinement: RefinementOptions

    @Option(help: "Write a self-contained page to this file.", completion: .file(extensions: ["html"]))
    var html: String?

    @Option(help: "Write a drawing to this file.", completion: .file(extensions: ["svg"]))
    var svg: String?

    @Flag(help: "Print the result as JSON and nothing else.")
    var json = false

    @Option(parsing: .unconditional, help: "How many of the strongest pairs are shown.")
    var top = 8

    @OptionGroup var options: ExplanationOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    private var caption: String { text.joined(separator: " ") }
    private var isPipeline: Bool { image == "-" || text == ["-"] }

    func validate() throws {
        if text.isEmpty, image != "-" { throw ValidationError("give a caption after the image") }
        guard top >= 1 else { throw ValidationError("--top must be at least 1; it is \(top)") }
        if image == "-", text == ["-"] {
            throw ValidationError(
                "image and caption cannot both be -; lines with both: fixlipd explain - < pairs.jsonl")
        }
        if isPipeline, html != nil || svg != nil {
            throw ValidationError("--html and --svg are for one explanation, not for lines of standard input")
        }
    }

    func run() throws {
        let files = try [(html, "html"), (svg, "svg")].compactMap { name, format in
            try name.map { (file: try OutputFile($0), format: format) }
        }
        let client = try daemon.connect()
        do {
            if isPipeline {
                try ExplainPipeline(
                    client: client, image: image == "-" ? nil : image,
                    text: text.isEmpty || text == ["-"] ? nil : caption,
                    options: options,
                    refinement: refinement, model: model
                ).run()
            } else {
                try explain(client, InterruptWatch(), files)
            }
        } catch RPCClientError.cancelled {
            throw ExitCode(130)
        }
    }

    private func explain(
        _ client: RPCClient, _ interrupt: InterruptWatch, _ files: [(file: OutputFile, format: String)]
    ) throws {
        let match = try JSONValue.match(image: image, text: caption, model: model.model)
        let opened = try client.call("explanation/open", params: match.adding(options.members), interrupt: interrupt)
        let handle: JSONValue = ["explanation": try opened.required("explanation", of: "explanation/open")]
        defer { _ = try? client.call("explanation/close", params: handle) }
        guard try opened.hasWords(of: "explanation/open") else { throw WordlessCaption() }
        if opened["truncated"]?.bool == true {
            TextOutput.note("fixlipd: the caption is longer than the model reads; what is beyond was cut")
        }
        let bar = ProgressBar()
        let refined: JSONValue
        do {
            refined = try client.call("explanation/refine", params: refineParameters(handle), interrupt: interrupt) {
                method, params in
                if method == "$/progress", let value = params["value"] { bar.update(value) }
            }
            bar.clear()
        } catch {
            bar.clear()
            throw error
        }
        if let warning = Credibility(try ExplanationRefine.result(refined)).warning(p: options.p) {
            TextOutput.note(warning)
        }
        for (file, format) in files {
            try file.replace(with: try render(handle, client, [("format", .string(format))]))
            TextOutput.note("wrote \(file.name)")
        }
        if json {
            try TextOutput.json(opened.adding((refined.object ?? [:]).map { ($0.key, $0.value) }), pretty: false)
        } else {
            let drawn = try render(
                handle, client,
                [
                    ("format", "ansi"), ("width", .integer(Int64(min(TextOutput.width, 120)))),
                    ("colors", .string(TextOutput.colors)),
                ])
            TextOutput.line(drawn)
        }
    }

    private func refineParameters(_ handle: JSONValue) -> JSONValue {
        handle.adding(
            refinement.members + [
                ("progressToken", "explain"),
                ("values", json ? ["standardErrors": true] : ["pairs": "none", "standardErrors": true]),
            ])
    }

    private func render(
        _ handle: JSONValue, _ client: RPCClient, _ options: [(String, JSONValue?)]
    ) throws -> String {
        let drawn = try client.call(
            "explanation/render", params: handle.adding(options + [("topK", .integer(Int64(top)))]))
        return try drawn.required("content", of: "explanation/render").string ?? ""
    }
}
