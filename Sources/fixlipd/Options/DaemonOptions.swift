import ArgumentParser
import FIxLIPProtocol
import Foundation
import JSONRPC

/// Options of every command that talks to a daemon.
struct DaemonOptions: ParsableArguments {
    @Option(help: "The daemon's socket.", completion: .file())
    var socket: String?

    @Flag(name: .customLong("no-spawn"), help: "Fail if no daemon runs, instead of starting one.")
    var noSpawn = false

    var address: UnixSocketAddress {
        get throws { if let socket { try UnixSocketAddress(path: socket) } else { try UnixSocketAddress.standard() } }
    }

    /// The same for a command that starts no daemon.
    var notSpawning: DaemonOptions {
        var options = self
        options.noSpawn = true
        return options
    }

    /// A connection as of ``introduced(timeout:)``; where the daemon is of another release, standard error says so.
    func connect(timeout: Duration? = .seconds(30)) throws -> RPCClient {
        let (client, daemon) = try introduced(timeout: timeout)
        if let notice = OtherRelease(daemon, stopCommand: stopCommand)?.description { OtherRelease.tellOnce(notice) }
        return client
    }

    /// A connection to the daemon, which is started if it does not run, and which speaks this program's version of the
    /// protocol, with what it says of itself.
    /// - Parameter timeout: how long the daemon's greeting is waited for.
    /// - Throws: as `connectedSocket`; `Greeting.Failure`.
    func introduced(timeout: Duration? = .seconds(30)) throws -> (client: RPCClient, daemon: Initialize.Result?) {
        let client = try connectToAnyVersion()
        let greeting = Greeting(socket: try address, stopCommand: stopCommand)
        return (client, try greeting.exchange(over: client, timeout: timeout))
    }

    /// What ends the daemon.
    var stopCommand: String { "fixlipd stop" + (socket.map { " --socket \($0)" } ?? "") }

    /// A connection to the daemon, whatever version it speaks.
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

extension UnixSocketAddress {
    /// Where the daemon is unless told otherwise.
    /// - Throws: `ForeignRuntimeDirectory`, `SocketError`.
    static func standard() throws -> UnixSocketAddress {
        let environment = ProcessInfo.processInfo.environment
        let address = try standard(environment: environment)
        if let directory = environment["XDG_RUNTIME_DIR"], address.path.utf8.starts(with: "\(directory)/".utf8) {
            var facts = stat()
            let isReadable = FileName(directory).withCString { stat($0, &facts) } == 0
            if isReadable ? facts.st_uid != geteuid() : errno == EACCES {
                throw ForeignRuntimeDirectory(path: directory, owner: isReadable ? facts.st_uid : nil)
            }
        }
        return address
    }

    /// `$XDG_RUNTIME_DIR` is another user's: after `su`, say, which keeps the environment.
    struct ForeignRuntimeDirectory: Error, CustomStringConvertible {
        let path: String
        let owner: UInt32?

        var description: String {
            "XDG_RUNTIME_DIR is \(path), which belongs to \(owner.map { "user \($0)" } ?? "another user") and not to user "
                + "\(geteuid()): unset it (unset XDG_RUNTIME_DIR), or name a socket of your own with $FIXLIPD_SOCKET or --socket"
        }
    }
}

/// Options of the commands that run a model.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .shortAndLong, help: "demo, a folder, or org/name in the local hub cache.", completion: .modelNames)
    var model: String?

    /// The model's name as the daemon understands it.
    var name: String? { model.map(modelName) }

    func validate() throws {
        if let model, model.hasPrefix("file:") {
            throw ValidationError(
                "--model \(model): the name of a model's folder must be UTF-8, since it is sent as text; rename the folder "
                    + "or make a link to it")
        }
    }
}

extension CompletionKind {
    /// Files in the formats that the daemon reads.
    static let images = CompletionKind.file(extensions: ["png", "jpg", "jpeg", "webp", "PNG", "JPG", "JPEG", "WEBP"])

    /// The models that a running daemon lists, and folders.
    static var modelNames: CompletionKind {
        .custom { _, _, typed in
            if typed.contains(where: { "/.~".contains($0) }), let folders = folders(beginning: typed), !folders.isEmpty
            {
                return folders
            }
            var options = DaemonOptions.parseOrExit([])
            options.noSpawn = true
            guard let client = try? options.introduced(timeout: .seconds(1)).client,
                let list = try? client.call(ModelsList.self, timeout: .seconds(1))
            else { return ["demo"] }
            return Set(list.loaded.map(\.id) + list.available.map(\.id)).sorted()
        }
    }

    private static func folders(beginning typed: String) -> [String]? {
        let split = typed.lastIndex(of: "/").map { typed.index(after: $0) } ?? typed.startIndex
        let (folder, start) = (String(typed[..<split]), String(typed[split...]))
        let names = try? FileManager.default.contentsOfDirectory(
            atPath: folder.isEmpty ? "." : NSString(string: folder).expandingTildeInPath)
        return names?.filter { name in
            var isFolder: ObjCBool = false
            let path = NSString(string: folder + name).expandingTildeInPath
            return name.hasPrefix(start) && FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
                && isFolder.boolValue
        }.sorted().map { folder + $0 + "/" }
    }
}
