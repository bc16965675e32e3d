import ArgumentParser
import Foundation
import JSONRPC

struct Watch: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Explains, and explains again as the estimate grows and the caption changes.",
        discussion: """
            Type another caption and Enter: it replaces the one before, and costs little, since the masked images are warm. \
            Enter alone doubles the budget. With --text-file the caption is the file's text, and each time the file is saved it \
            is explained anew; so it is when the image is. Ctrl-C or Ctrl-D ends.
            Example: fixlipd watch photo.jpg a dog on a beach
            Where standard output is not a terminal, each estimate is printed below the one before. Lines of a pipe are captions \
            that wait for their turn; after the last one the command ends.
            """)

    @Argument(help: "The image: PNG, JPEG or WebP.", completion: .images)
    var image: String

    @Argument(help: "The caption; words are joined by spaces.")
    var text: [String] = []

    @Option(
        name: .customLong("text-file"), help: "Take the caption from this file, again whenever it changes.",
        completion: .file())
    var textFile: String?

    @OptionGroup var refinement: RefinementOptions
    @OptionGroup var deadline: DeadlineOptions
    @OptionGroup var options: ExplanationOptions

    @Flag(help: "Print one JSON line per estimate.")
    var json = false

    @Option(parsing: .unconditional, help: "How many of the strongest pairs are shown.")
    var top = 8

    @OptionGroup var model: ModelOptions
    @OptionGroup var daemon: DaemonOptions

    func validate() throws {
        if !text.isEmpty, textFile != nil { throw ValidationError("give a caption or --text-file, not both") }
        guard top >= 1 else { throw ValidationError("--top must be at least 1; it is \(top)") }
        if image == "-" { throw ValidationError("the image must be a file; standard input is for captions") }
    }

    func run() throws {
        let lines = CaptionLines(onlyTerminal: textFile != nil)
        let display: any WatchDisplay =
            if json {
                JSONDisplay(top: top)
            } else if TextOutput.isTerminal {
                ScreenDisplay(prompt: lines.isTerminal ? "caption: " : nil)
            } else {
                PlainDisplay()
            }
        defer { display.close() }
        let session = try WatchSession(command: self, lines: lines, display: display)
        try session.run()
    }

    var caption: String { text.joined(separator: " ") }
}
