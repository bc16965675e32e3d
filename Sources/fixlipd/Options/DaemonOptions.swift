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

    /// A connection to the daemon, which is started if it does not run, and which speaks this program's version of the
    /// protocol.
    /// - Parameter timeout: how long the daemon's greeting is waited for.
    /// - Throws: as `connectedSocket`; `Greeting.Failure`.
    func connect(timeout: Duration? = .seconds(30)) throws -> RPCClient {
        let client = try connectToAnyVersion()
        let stopCommand = "fixlipd stop" + (socket.map { " --socket \($0)" } ?? "")
        try Greeting(socket: address, stopCommand: stopCommand).exchange(over: client, timeout: timeout)
        return client
    }

    /// The same, whatever version the daemon speaks.
    func connectToAnyVersion() throws -> RPCClient {
        let descriptor = try connectedSocket()
        return RPCClient(input: descriptor, output: descriptor)
    }

    /// A connected socket, which the caller closes.
    /// - Throws: `DaemonLauncher.Failure`, `RPCClientError`, `SocketError`.
    func connectedSocket() throws -> Int32 {
        try DaemonLauncher(address: try address, maySpawn: !noSpawn).connect()
    }
}

/// Options of the commands that run a model.
struct ModelOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: "demo, a folder, or org/name in the local hub cache.")
    var model: String?
}
