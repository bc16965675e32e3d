import FIxLIPProtocol
import Foundation
import Interactions
import JSON
import JSONRPC
import Tensors

extension Services {
    /// `initialize`, `server/…`
    func registerServerMethods(in table: inout MethodTable, server: ServerFace) {
        let own = [Initialize.name, ServerPing.name, ServerStatus.name, ServerStop.name]
        let methodNames = (Array(table.requestNames) + own).sorted()

        // Language clients send more members than this daemon reads.
        table.on(Initialize.self, strict: false) { parameters, _ in
            let version = FIxLIPDaemonVersion.wireProtocol
            if let wanted = parameters.protocolVersion, wanted != version {
                throw ParameterError(
                    "protocolVersion",
                    "is \(wanted), but this daemon speaks version \(version); "
                        + (wanted > version ? "update the daemon" : "update the client"))
            }
            return Initialize.Result(
                protocolVersion: version,
                serverInfo: .init(name: "fixlipd", version: FIxLIPDaemonVersion.program),
                capabilities: capabilities(methods: methodNames))
        }

        table.on(ServerPing.self, prompt: true) { _, _ in
            ServerPing.Result(
                pid: Int(ProcessInfo.processInfo.processIdentifier), version: FIxLIPDaemonVersion.program)
        }

        table.on(ServerStatus.self) { _, _ in await status(server) }

        table.on(ServerStop.self) { _, _ in
            server.requestStop()
            return Acknowledgement()
        }
    }

    private func capabilities(methods: [String]) -> Initialize.Capabilities {
        Initialize.Capabilities(
            methods: methods, indices: IndexChoice.allCases.map(\.rawValue),
            estimators: EstimatorChoice.allCases.map(\.rawValue), maskings: MaskingChoice.allCases.map(\.rawValue),
            encodings: FloatEncoding.allCases.map(\.rawValue), renderFormats: RenderFormat.allCases.map(\.rawValue),
            limits: Initialize.Limits(
                messageBytes: configuration.maximumMessageBytes, jsonDepth: JSONLimits.default.depth,
                batch: configuration.maximumBatch, imagePixels: configuration.maximumImagePixels,
                imageMasks: configuration.maximumImageMasks, textMasks: configuration.maximumTextMasks))
    }

    private func status(_ server: ServerFace) async -> ServerStatus.Result {
        let facts = ProcessFacts()
        let waiting = scheduler.waiting
        let open = await summaries()
        let statistics = server.statistics()
        return ServerStatus.Result(
            version: FIxLIPDaemonVersion.program, pid: Int(ProcessInfo.processInfo.processIdentifier),
            uptimeSeconds: server.uptime(), socket: server.socketPath, models: await models.status,
            unloads: await models.unloadHistory, games: await games.status(), explanations: open,
            queues: ServerStatus.Queues(
                interactive: waiting.interactive, refinement: waiting.refinement,
                refinementsRunning: open.filter(\.refining).count), connections: statistics.connections,
            requests: statistics.requests, residentBytes: facts.residentBytes, threads: facts.threads,
            computeThreads: scheduler.threadCount, cpuFeatures: CPUFeatures.current.names,
            idleExitSeconds: configuration.idleExit)
    }
}

/// What handlers may know and ask of the server they run in.
package struct ServerFace: Sendable {
    let socketPath: String?
    let uptime: @Sendable () -> Double
    let statistics: @Sendable () -> (connections: Int, requests: [String: ServerStatus.MethodCounts])
    let requestStop: @Sendable () -> Void

    /// - Parameters:
    ///   - uptime: seconds since the start.
    ///   - requestStop: begins an orderly stop and returns at once.
    package init(
        socketPath: String?, uptime: @escaping @Sendable () -> Double,
        statistics: @escaping @Sendable () -> (connections: Int, requests: [String: ServerStatus.MethodCounts]),
        requestStop: @escaping @Sendable () -> Void
    ) {
        self.socketPath = socketPath
        self.uptime = uptime
        self.statistics = statistics
        self.requestStop = requestStop
    }
}
