import ArgumentParser
import JSONRPC

/// Options of every command that talks to a daemon.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The daemon's socket.")
    var socket: String?

    @Flag(name: .customLong("no-spawn"), help: "Fail if no daemon runs, instead of starting one.")
    var noSpawn = false

    var address: UnixSocketAddress {
        get throws { if let socket { try UnixSocketAddress(path: socket) } else { try UnixSocketAddress.standard() } }
    }

    /// A connection to the daemon, which is started if it does not run.
    func connect() throws -> RPCClient {
        try DaemonLauncher(address: try address, maySpawn: !noSpawn).connect()
    }
}

/// Options of the commands that run a model.
struct ModelOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "demo, a folder, or org/name in the local hub cache.")
    var model: String?
}
