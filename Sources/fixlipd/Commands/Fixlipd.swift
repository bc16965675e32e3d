// fixlipd: the command line, which is a client like others, and the process of the daemon.

import ArgumentParser
import Daemon
import Foundation
import JSONRPC

@main
struct Fixlipd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fixlipd",
        abstract: "Keeps vision-language encoders warm and explains why an image and a caption match.",
        discussion: """
            Every command but 'serve' and 'status' talks to a daemon on the default socket and starts one if none runs.
            The socket is $FIXLIPD_SOCKET, else $XDG_RUNTIME_DIR/fixlipd/fixlipd.sock, else /tmp/fixlipd-<uid>/fixlipd.sock.
            """,
        version: FIxLIPDaemonVersion.program,
        subcommands: [
            Serve.self, Connect.self, Call.self, ExplainCommand.self, Batch.self, Watch.self, Evaluate.self, Embed.self,
            SimilarityCommand.self, ClassifyCommand.self, LearnCommand.self, LintCommand.self,
            LanguageServerCommand.self, Models.self,
            Status.self, Stop.self,
        ])

    static func main() async {
        // A parent that blocks signals blocks them for its children too, but Ctrl-C must reach this program.
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
        do {
            let arguments = Array(try ProgramArguments.all().dropFirst())
            try ProgramArguments.checkCommand(arguments, of: Self.self)
            var command = try parseAsRoot(arguments)
            do {
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            } catch RPCClientError.remote(let error) where !(command is Call) {
                throw RefusedRequest(error)
            }
        } catch {
            end(with: error)
        }
    }

    /// Prints what there is to say and ends the program. Names that the message repeats cannot steer the terminal.
    private static func end(with error: any Error) -> Never {
        let status = exitCode(for: error)
        let message = fullMessage(for: error)
        if !message.isEmpty {
            if status.isSuccess { TextOutput.line(message) } else { TextOutput.note(message) }
        }
        Foundation.exit(status.rawValue)
    }
}
