import Foundation
import JSON
import JSONRPC

/// The daemon of a batch: found, started, and started again when it ends.
final class BatchDaemon {
    struct OtherArithmetic: Error, CustomStringConvertible {
        let before: JSONValue
        let after: JSONValue

        var description: String {
            "the daemon was restarted and computes otherwise, \(Self.text(after)) instead of \(Self.text(before)), which would mix "
                + "two kinds of results; start it as it was before and run the same command again"
        }

        private static func text(_ facts: JSONValue) -> String {
            "\(facts["id"]?.string ?? "?") in \(facts["precision"]?.string ?? "?") with masks in \(facts["maskPrecision"]?.string ?? "?")"
        }
    }

    private let options: DaemonOptions
    private(set) var client: RPCClient
    private var known: [String?: JSONValue] = [:]

    /// - Throws: as `DaemonOptions.connect`.
    init(_ options: DaemonOptions) throws {
        self.options = options
        client = try options.connect()
    }

    /// What of a model decides about results; asked once for each name, null where it cannot be loaded.
    func facts(_ model: String?) -> JSONValue {
        if let facts = known[model] { return facts }
        let asked = (try? load(model)) ?? .null
        known[model] = asked
        return asked
    }

    /// - Throws: `RPCClientError.remote` where the model cannot be loaded; `IncompleteResult`.
    func load(_ model: String?) throws -> JSONValue {
        let loaded = try client.call(
            "models/load", params: JSONValue.object([:]).adding([("model", model.map { .string($0) })]))
        _ = try loaded.required("id", of: "models/load")
        let names = ["id", "precision", "maskPrecision", "dimension", "bytes"]
        let result = JSONValue.object([:]).adding(names.map { ($0, loaded[$0]) })
        known[model] = result
        return result
    }

    /// Connects again, to a daemon that is started if none runs. One that ends may take a connection a last time, and
    /// gives its socket up a moment after it closes its connections: that is waited for.
    /// - Throws: as `DaemonOptions.connect`; `OtherArithmetic` if the results would be of another kind.
    func reconnect() throws {
        var attempts = 0
        while true {
            do {
                client = try options.connect()
                return try checkFacts()
            } catch  where Self.mayPass(error) && attempts < 20 {
                attempts += 1
                usleep(250_000)
            }
        }
    }

    private func checkFacts() throws {
        for (model, before) in known where !before.isNull {
            let after = try load(model)
            guard after == before else { throw OtherArithmetic(before: before, after: after) }
        }
    }

    private static func mayPass(_ error: any Error) -> Bool {
        switch error {
        case DaemonLauncher.Failure.didNotStart, RPCClientError.disconnected: true
        case RPCClientError.remote(let answer): answer.code == RPCError.Code.shuttingDown
        case RPCClientError.system(_, _, let reason): reason == ECONNRESET || reason == EPIPE
        default: false
        }
    }
}
