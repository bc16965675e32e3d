import ArgumentParser
import Daemon

@main
struct Fixlipd: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "fixlipd",
        abstract: "Keeps vision-language encoders warm and explains why an image and a caption match.",
        discussion: """
            Every command but 'serve' talks to a daemon on the default socket and starts one if none runs.
            The socket is $FIXLIPD_SOCKET, else $XDG_RUNTIME_DIR/fixlipd/fixlipd.sock, else /tmp/fixlipd-<uid>/fixlipd.sock.
            """,
        version: FIxLIPDaemonVersion.program,
        subcommands: [
            Serve.self, Connect.self, Call.self, Explain.self, Batch.self, Watch.self, Evaluate.self, Embed.self,
            Similarity.self, Models.self, Status.self, Stop.self,
        ])
}
