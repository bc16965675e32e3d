import ArgumentParser
import Foundation
import JSONRPC

struct Connect: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Joins standard input and output to the daemon's socket, starting the daemon if needed.",
        discussion: "For editors that speak JSON-RPC to a program they start.")

    @OptionGroup var daemon: DaemonOptions

    func run() async throws {
        // The program on the other side introduces itself: the bytes are its own from the first one on.
        let socket = try daemon.connectedSocket()
        await DescriptorPump(input: STDIN_FILENO, output: STDOUT_FILENO, socket: socket).run()
    }
}
