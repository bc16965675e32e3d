import FIxLIPProtocol
import Foundation
import Interactions
import JSON
import JSONRPC
import Tensors

/// `initialize`, `server/…`
struct ServerHandlers: Sendable {
    let server: ServerFace
    let models: ModelPool
    let games: GameStore
    let explanations: ExplanationStore
    let scheduler: EncodeScheduler
    let limits: Initialize.Limits
    let idleExit: Double?

    func register(in table: inout MethodTable) {
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

        table.on(ServerStatus.self) { _, _ in await status() }

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
            limits: limits)
    }

    private func status() async -> ServerStatus.Result {
        let facts = ProcessFacts()
        let waiting = scheduler.waiting
        let open = await explanations.summaries(games)
        let statistics = server.statistics()
        return ServerStatus.Result(
            version: FIxLIPDaemonVersion.program, pid: Int(ProcessInfo.processInfo.processIdentifier),
            uptimeSeconds: server.uptime(), socket: server.socketPath, models: models.loaded.map { ModelStatus($0) },
            unloads: models.unloads.map { .init(id: $0.id, reason: $0.reason, secondsAgo: $0.secondsAgo) },
            games: ServerStatus.GameMemory(games.status), explanations: open,
            queues: ServerStatus.Queues(
                interactive: waiting.interactive, refinement: waiting.refinement,
                refinementsRunning: open.filter(\.refining).count), connections: statistics.connections,
            requests: statistics.requests, residentBytes: facts.residentBytes, threads: facts.threads,
            computeThreads: scheduler.threadCount, cpuFeatures: CPUFeatures.current.names,
            idleExitSeconds: idleExit)
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
