import FIxLIPProtocol
import Foundation
import JSONRPC

/// The daemon of a batch: found, started, and started again when it ends.
final class BatchDaemon {
    struct OtherArithmetic: Error, CustomStringConvertible {
        let before: ModelFacts
        let after: ModelFacts

        var description: String {
            "the daemon was restarted and computes otherwise, \(Self.text(after)) instead of \(Self.text(before)), which would mix "
                + "two kinds of results; start it as it was before and run the same command again"
        }

        private static func text(_ facts: ModelFacts) -> String {
            "\(facts.id) in \(facts.precision) with masks in \(facts.maskPrecision)"
        }
    }

    /// What of a model decides about results. Digests of pairs hold it.
    struct ModelFacts: Encodable, Equatable {
        let id, precision, maskPrecision: String
        let dimension, bytes: Int
    }

    private let options: DaemonOptions
    private(set) var client: RPCClient
    /// Models by the name that was asked for; nil where one cannot be loaded.
    private var known: [String?: ModelFacts?] = [:]

    /// - Throws: as `DaemonOptions.connect`.
    init(_ options: DaemonOptions) throws {
        self.options = options
        client = try options.connect()
    }

    /// Asked once for each name; nil where it cannot be loaded.
    func facts(_ model: String?) -> ModelFacts? {
        if let facts = known[model] { return facts }
        let asked = try? load(model)
        known[model] = .some(asked)
        return asked
    }

    /// - Throws: `RPCClientError.remote` where the model cannot be loaded.
    func load(_ model: String?) throws -> ModelFacts {
        let loaded = try client.call(ModelsLoad.self, .init(model: model))
        let facts = ModelFacts(
            id: loaded.id, precision: loaded.precision, maskPrecision: loaded.maskPrecision,
            dimension: loaded.dimension, bytes: loaded.bytes)
        known[model] = .some(facts)
        return facts
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
        for case (let model, let before?) in known {
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
