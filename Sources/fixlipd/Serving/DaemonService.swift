import Daemon
import FIxLIPProtocol
import Foundation
import JSONRPC
import Logging
import ServiceLifecycle

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
        let server = ServerReference()
        let daemon = try Daemon(
            configuration: configuration, executable: executable, logger: ClientLog.logger(besides: logger, to: server))
        let (stopRequests, stopper) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let start = ContinuousClock.now
        let face = ServerFace(
            socketPath: address.map {
                ListeningSocket.activatedPath(environment: ProcessInfo.processInfo.environment) ?? $0.path
            },
            uptime: { start.duration(to: .now) / .seconds(1) },
            statistics: { server.statistics }, requestStop: { stopper.yield() })
        var limits = RPCServerConfiguration()
        limits.framing.messageBytes = configuration.maximumMessageBytes
        limits.maximumBatch = configuration.maximumBatch
        limits.maximumConnections = configuration.maximumConnections
        limits.stallTime = .seconds(configuration.unreadTimeout)
        limits.drainTime = limits.stallTime
        limits.onRequestFinished = configuration.slowRequest.map { milliseconds in
            SlowRequestLog(milliseconds: milliseconds, logger: logger) { server.log(.warning, $1, to: $0) }.note
        }
        self.server = RPCServer(configuration: limits, methods: daemon.methods(server: face), logger: logger)
        server.attach(self.server)
        self.daemon = daemon
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
            if address != nil {
                group.addTask { [server] in
                    guard (try? await server.keepSocketsInPlace()) != nil else { return nil }
                    await server.retire()
                    return nil
                }
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
