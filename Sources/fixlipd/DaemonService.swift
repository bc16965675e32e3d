import Daemon
import FIxLIPProtocol
import Foundation
import JSONRPC
import Logging
import ServiceLifecycle
import Synchronization

/// The daemon as a service: starts it, serves clients until it is told to stop, and puts everything away.
struct DaemonService: Service {
    private let daemon: Daemon
    private let server: RPCServer
    private let address: UnixSocketAddress?
    private let standardIO: StandardIO?
    private let preload: Bool
    private let idleExit: Double?
    private let logger: Logger
    private let stopRequests: AsyncStream<Void>
    private let onReady: @Sendable () -> Void

    /// How long running work and unread replies are waited for.
    static let stopDeadline = Duration.seconds(5)

    init(
        configuration: DaemonConfiguration, executable: String, address: UnixSocketAddress?, standardIO: StandardIO?,
        preload: Bool, logger: Logger, onReady: @escaping @Sendable () -> Void
    ) throws {
        let daemon = try Daemon(configuration: configuration, executable: executable, logger: logger)
        let (stopRequests, stopper) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let statistics = StatisticsSource()
        let start = ContinuousClock.now
        let face = ServerFace(
            socketPath: address?.path, uptime: { start.duration(to: .now) / .seconds(1) },
            statistics: { statistics.read() }, requestStop: { stopper.yield() })
        var limits = RPCServerConfiguration()
        limits.framing.messageBytes = configuration.maximumMessageBytes
        limits.maximumBatch = configuration.maximumBatch
        limits.maximumConnections = configuration.maximumConnections
        limits.stallTime = .seconds(configuration.unreadTimeout)
        limits.drainTime = limits.stallTime
        limits.onRequestFinished = configuration.slowRequest.map { SlowRequestLog(milliseconds: $0, logger: logger).note }
        let server = RPCServer(configuration: limits, methods: daemon.methods(server: face), logger: logger)
        statistics.attach(server)
        self.daemon = daemon
        self.server = server
        self.address = address
        self.standardIO = standardIO
        self.preload = preload
        idleExit = configuration.idleExit
        self.logger = logger
        self.stopRequests = stopRequests
        self.onReady = onReady
    }

    func run() async throws {
        if preload { try await daemon.preload() }
        if let address {
            let inherited = try ListeningSocket.activated(environment: ProcessInfo.processInfo.environment)
            for socket in inherited { try await server.listen(on: socket) }
            if inherited.isEmpty { try await server.listen(on: address) }
        }
        onReady()
        let end = await withTaskGroup(of: ConnectionEnd?.self) { group in
            if let standardIO {
                group.addTask { [server, logger] in
                    do {
                        return try await server.serve(standardIO)
                    } catch {
                        logger.error("standard input and output: \(error)")
                        return nil
                    }
                }
            }
            group.addTask { [stopRequests] in
                await cancelWhenGracefulShutdown {
                    for await _ in stopRequests { return }
                }
                return nil
            }
            if let idleExit {
                group.addTask { [server, logger] in
                    guard (try? await server.waitUntilIdle(for: .seconds(idleExit))) != nil else { return nil }
                    logger.info("ending: no client for \(idleExit.formatted()) s (--idle-exit)")
                    await server.retire()
                    return nil
                }
            }
            let first = await group.next()
            await server.stop(deadline: Self.stopDeadline)
            group.cancelAll()
            return first ?? nil
        }
        await daemon.stop()
        logger.info("stopped")
        // LSP: `exit` without `shutdown` before it is an abnormal end.
        if end == .exit(afterShutdown: false) { throw AbnormalExit() }
    }

    struct AbnormalExit: Error {}
}

/// Gives `server/status` the statistics of a server that is made after its handlers.
private final class StatisticsSource: Sendable {
    private let server = Mutex<RPCServer?>(nil)

    func attach(_ server: RPCServer) { self.server.withLock { $0 = server } }

    func read() -> (connections: Int, requests: [String: ServerStatus.MethodCounts]) {
        guard let statistics = server.withLock({ $0?.statistics }) else { return (0, [:]) }
        return (
            statistics.connectionsOpen,
            statistics.methods.mapValues { method in
                ServerStatus.MethodCounts(
                    count: method.count, errors: method.errors, p50Milliseconds: method.median / .milliseconds(1),
                    p90Milliseconds: method.percentile90 / .milliseconds(1),
                    p99Milliseconds: method.percentile99 / .milliseconds(1))
            }
        )
    }
}
