import Daemon
import FIxLIPProtocol
import Foundation
import JSONRPC
import Logging

/// The daemon at work: serves clients until there is a cause to end, and puts everything away.
struct DaemonService {
    private let daemon: Daemon
    private let server: RPCServer
    private let address: UnixSocketAddress?
    private let standardIO: StandardIO?
    private let preload: Bool
    private let idleExit: Double?
    private let logger: Logger
    private let causes: AsyncStream<EndCause>
    private let causeFound: AsyncStream<EndCause>.Continuation
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
        let (causes, causeFound) = AsyncStream.makeStream(of: EndCause.self, bufferingPolicy: .bufferingOldest(1))
        let start = ContinuousClock.now
        let face = ServerFace(
            socketPath: address.map {
                ListeningSocket.activatedPath(environment: ProcessInfo.processInfo.environment) ?? $0.path
            },
            uptime: { start.duration(to: .now) / .seconds(1) },
            statistics: { server.statistics }, requestStop: { causeFound.yield(.request) })
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
        self.causes = causes
        self.causeFound = causeFound
        self.onReady = onReady
    }

    /// Makes the daemon end in good order.
    func end(_ cause: EndCause) { causeFound.yield(cause) }

    /// - Throws: `AbnormalExit`; what keeps it from being served.
    func run() async throws {
        if preload { try await daemon.preload() }
        if let address {
            let inherited = try ListeningSocket.activated(environment: ProcessInfo.processInfo.environment)
            for socket in inherited { try await server.listen(on: socket) }
            if inherited.isEmpty { try await server.listen(on: address) }
        }
        onReady()
        let cause = await withTaskGroup(of: EndCause?.self) { group in
            if let standardIO {
                group.addTask { [server] in
                    do {
                        return .standardIO(try await server.serve(standardIO))
                    } catch {
                        return .standardIOFailed("\(error)")
                    }
                }
            }
            group.addTask { [causes] in
                for await cause in causes { return cause }
                return nil
            }
            if address != nil {
                group.addTask { [server, logger] in
                    guard (try? await server.keepSocketsInPlace()) != nil else { return nil }
                    return await Self.retire(server, .socketLost, logger)
                }
            }
            if let idleExit {
                group.addTask { [server, logger] in
                    guard (try? await server.waitUntilIdle(for: .seconds(idleExit))) != nil else { return nil }
                    return await Self.retire(server, .idle(seconds: idleExit), logger)
                }
            }
            let cause = await group.next() ?? nil
            switch cause {
            case .idle, .socketLost, nil: break
            case .standardIOFailed?: logger.error("ending: \(cause.map { "\($0)" } ?? "")")
            case let cause?: logger.notice("ending: \(cause)")
            }
            await server.stop(deadline: Self.stopDeadline)
            group.cancelAll()
            return cause
        }
        await daemon.stop()
        logger.info("stopped")
        // LSP: `exit` without `shutdown` before it is an abnormal end.
        if case .standardIO(.exit(afterShutdown: false)) = cause { throw AbnormalExit() }
    }

    /// Waits until no client is served any more, which may take a while, so that the cause is told first.
    private static func retire(_ server: RPCServer, _ cause: EndCause, _ logger: Logger) async -> EndCause {
        logger.notice("ending: \(cause)")
        await server.retire()
        return cause
    }

    struct AbnormalExit: Error {}
}
