import CaptionLint
import FIxLIPProtocol
import JSON
import JSONRPC

/// A server of the Language Server Protocol 3.17 over two descriptors, for one client.
package struct LanguageServer: Sendable {
    private let input: Int32
    private let output: Int32
    private let version: String
    private let link: DaemonLink
    private let pages: String

    /// - Parameters:
    ///   - version: the program's, which the client is told.
    ///   - link: the daemon that knows the models; closed at the end.
    ///   - pages: an existing folder of this process's own, for pages that the client shows.
    package init(input: Int32, output: Int32, version: String, link: DaemonLink, pages: String) {
        self.input = input
        self.output = output
        self.version = version
        self.link = link
        self.pages = pages
    }

    /// Serves until `exit` or the end of the input.
    /// - Returns: whether the client ended as the protocol wants it, with `shutdown` before `exit`.
    package func run() async -> Bool {
        let output = ServerOutput(descriptor: output)
        let session = Session(output: output, version: version, link: link, pages: pages)
        loop: for await event in ServerInput.events(from: input) {
            switch event {
            case .message(let bytes):
                await session.receive(bytes)
                if await session.phase == .exited { break loop }
            case .failure(let error):
                // Nobody knows where the next message begins.
                output.send(OutgoingMessage.error(error.rpcError, id: .null))
                break loop
            }
        }
        let isOrderly = await session.end()
        await output.close()
        return isOrderly
    }
}
