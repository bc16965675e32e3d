import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC

/// `fixlipd explain`.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explains why an image and a caption match, or two images, or two texts.",
        discussion: """
            Shows the picture with the patches that matter, the caption's words by weight, and the strongest word–patch pairs.
            Example: fixlipd explain photo.jpg 'a dog on a beach' --html dog.html
            Two images are compared patch by patch, two texts word by word; --rather-than shows what speaks for one caption \
            and against another, --embedding what matches a stored vector.
            Examples: fixlipd explain a.png b.png
                      fixlipd explain --text 'a dog' --text 'a puppy'
                      fixlipd explain photo.jpg 'a dog' --rather-than 'a cat'
                      fixlipd explain photo.jpg --embedding query.npy
            - in place of the image or the caption reads them from standard input, one a line, and prints one JSON line for each. \
            A line may also be a JSON object with "image" and "text"; its members are repeated. A line that fails has an "error" \
            instead of values, and the exit status is 1.
            """)

    @Argument(help: "The image: PNG, JPEG or WebP; - reads images from standard input.", completion: .images)
    var image: String?

    @Argument(
        help:
            "The caption; words are joined by spaces. The name of an image file is a second image. - reads captions from standard input."
    )
    var text: [String] = []

    @OptionGroup var compared: ComparedOptions
    @OptionGroup var refinement: RefinementOptions
    @OptionGroup var deadline: DeadlineOptions

    @Option(help: "Write a self-contained page to this file.", completion: .file(extensions: ["html"]))
    var html: String?

    @Option(help: "Write a drawing to this file.", completion: .file(extensions: ["svg"]))
    var svg: String?

    @Option(help: "Write a picture for a slide to this file; needs librsvg.", completion: .file(extensions: ["png"]))
    var png: String?

    @Option(help: "Write the same as a PDF page to this file; needs librsvg.", completion: .file(extensions: ["pdf"]))
    var pdf: String?

    @Option(help: "How values lie over the picture in these files: smooth or cells.")
    var map: RenderMap?

    @Flag(
        inversion: .prefixedNo,
        help: "Only the caption, the picture and the words in these files; PNG and PDF unless told otherwise.")
    var compact: Bool?

    @Flag(help: "Print the result as JSON and nothing else.")
    var json = false

    @Option(parsing: .unconditional, help: "How many of the strongest pairs are shown.")
    var top = 8

    @Option(
        help:
            "What is drawn: overview, token (one word and its patches), patch, pairs, or a plot alone: waterfall, force, network or upset."
    )
    var view: RenderView?

    @Option(
        parsing: .unconditional, help: "The player that a token or patch view is about, counted from 0, patches first.")
    var player: Int?

    @OptionGroup var options: ExplanationOptions
    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    private var caption: String { text.joined(separator: " ") }
    private var isPipeline: Bool { image == "-" || text == ["-"] }

    func validate() throws {
        if isPipeline {
            guard compared.isEmpty else {
                throw ValidationError(
                    "--text, --rather-than and --embedding are for one explanation, not for lines of standard input")
            }
        } else {
            try compared.validate(image: image, caption: text)
        }
        guard top >= 1 else { throw ValidationError("--top must be at least 1; it is \(top)") }
        if image == "-", text == ["-"] {
            throw ValidationError(
                "image and caption cannot both be -; lines with both: fixlipd explain - < pairs.jsonl")
        }
        if isPipeline, [html, svg, png, pdf].contains(where: { $0 != nil }) {
            throw ValidationError(
                "--html, --svg, --png and --pdf are for one explanation, not for lines of standard input")
        }
    }

    func run() throws {
        let match =
            isPipeline
            ? try options.parameters(image: "", text: caption, model: model)
            : try compared.parameters(image: image, caption: text, options, model: model)
        var rules = refinement.rules
        rules.deadlineMilliseconds = deadline.milliseconds
        let files = try [(html, RenderFormat.html), (svg, .svg), (png, .png), (pdf, .pdf)].compactMap { name, format in
            try name.map { (file: try OutputFile($0), format: format) }
        }
        let client = try daemon.connect()
        do {
            if isPipeline {
                try ExplainPipeline(
                    client: client, image: image == "-" ? nil : image,
                    text: text.isEmpty || text == ["-"] ? nil : caption,
                    common: .init(open: match, rules: rules, layout: .init(standardErrors: true))
                ).run()
            } else {
                try explain(match, rules, client, InterruptWatch(), files)
            }
        } catch RPCClientError.cancelled {
            throw ExitCode(130)
        }
    }

    private func explain(
        _ match: ExplanationOpen.Parameters, _ rules: RefinementRules, _ client: RPCClient, _ interrupt: InterruptWatch,
        _ files: [(file: OutputFile, format: RenderFormat)]
    ) throws {
        let opened = try client.call(ExplanationOpen.self, match, interrupt: interrupt)
        defer { _ = try? client.call(ExplanationClose.self, .init(explanation: opened.explanation)) }
        let hasCaption = match.text != nil && match.target == nil
        guard !hasCaption || !opened.players.text.isEmpty else { throw WordlessCaption() }
        if opened.truncated {
            TextOutput.note("fixlipd: the caption is longer than the model reads; what is beyond was cut")
        }
        let bar = ProgressBar()
        defer { bar.clear() }
        var rules = rules
        rules.progressToken = .string("explain")
        let layout = EstimateLayout(pairs: json ? nil : PairSelection.none, standardErrors: true)
        let refined = try client.call(
            ExplanationRefine.self,
            .init(explanation: opened.explanation, rules: rules, values: Selection(layout: layout)),
            interrupt: interrupt, onProgress: bar.update)
        bar.clear()
        if let warning = Credibility(refined).warning(p: options.p) { TextOutput.note(warning) }
        func draw(_ format: RenderFormat, width: Int? = nil, colors: TerminalColors? = nil) throws -> Rendered {
            let look = RenderOptions(
                format: format, view: view, player: player, topK: top, width: width, colors: colors, map: map,
                compact: compact, askModel: true)
            return try client.call(ExplanationRender.self, .init(explanation: opened.explanation, options: look))
        }
        for (file, format) in files {
            try file.replace(with: try draw(format).bytes)
            TextOutput.note("wrote \(file.name)")
        }
        if json {
            let members = try JSONValue.members(of: refined)
            try TextOutput.json(try JSONValue(encoding: opened).adding(members), pretty: false)
        } else {
            TextOutput.line(try draw(.ansi, width: min(TextOutput.width, 120), colors: TextOutput.colors).content)
        }
    }
}

extension RenderView: ExpressibleByArgument {}
extension RenderMap: ExpressibleByArgument {}

extension Rendered {
    /// The content of a file.
    fileprivate var bytes: [UInt8] {
        encoding == "base64" ? Data(base64Encoded: content).map(Array.init) ?? [] : Array(content.utf8)
    }
}
