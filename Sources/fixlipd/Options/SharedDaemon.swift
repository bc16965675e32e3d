import JSONRPC

/// Connections to one daemon, made from any thread, and made again after it ended.
struct SharedDaemon: Sendable {
    private let socket: String?
    private let maySpawn: Bool

    init(_ options: DaemonOptions) {
        socket = options.socket
        maySpawn = !options.noSpawn
    }

    /// A connection whose daemon speaks this program's version of the protocol.
    /// - Throws: as `DaemonOptions.connect`.
    func connect() throws -> RPCClient {
        var options = try DaemonOptions.parse(socket.map { ["--socket", $0] } ?? [])
        options.noSpawn = !maySpawn
        return try options.connect()
    }
}
