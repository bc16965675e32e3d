import ArgumentParser
import CaptionLint
import Daemon
import Foundation
import JSONRPC
import LanguageServer

/// `fixlipd lsp`.
struct LanguageServerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "lsp",
        abstract: "Serves editors over standard input and output by the Language Server Protocol.",
        discussion: """
            Captions and alternative texts of Markdown, HTML, JSX, LaTeX, reStructuredText and Org documents are judged while they \
            are written. docs/editors.md has the settings of editors, docs/lint.md the rules.
            """)

    @Flag(help: .hidden)
    var stdio = false

    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        let standardIO = try StandardIO.takeOver()
        let daemon = SharedDaemon(daemon)
        let link = try DaemonLink { try daemon.connect() }
        let pages = try Self.makeFolder()
        let server = LanguageServer(
            input: standardIO.input, output: standardIO.output, version: FIxLIPDaemonVersion.program, link: link,
            pages: pages)
        let isOrderly = await server.run()
        try? FileManager.default.removeItem(atPath: pages)
        if !isOrderly { throw ExitCode(1) }
    }

    /// A folder for this user alone.
    private static func makeFolder() throws -> String {
        // mkdtemp(3) puts characters of its choice in the place of the six X.
        var template = Array((NSTemporaryDirectory() + "fixlipd-lsp-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else {
            throw FileFailure(cannot: .write, NSTemporaryDirectory(), errno: errno)
        }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
