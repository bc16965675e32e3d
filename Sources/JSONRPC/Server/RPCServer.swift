// JSONRPC: JSON-RPC 2.0 over sockets and standard input and output, for a server and its clients. It knows no method.

import Logging
import NIOCore
import NIOPosix
import Synchronization

/// A JSON-RPC 2.0 server over standard input and output and Unix sockets, as many of them at a time as wanted.
package final class RPCServer: Sendable {
    private struct Listener: Sendable {
        let channel: any Channel
        let socket: ListeningSocket
    }

    private struct State: Sendable {
        var listeners: [Listener] = []
        var isStopping = false
    }

    let service: RPCService
    let registry = ConnectionRegistry()
    /// Guarded by the mutex.
    private let state = Mutex(State())

    package init(configuration: RPCServerConfiguration = .init(), methods: MethodTable, logger: Logger) {
        service = RPCService(configuration: configuration, methods: methods, logger: logger)
    }

    package var statistics: ServerStatistics {
        var snapshot = service.ledger.snapshot
        snapshot.connectionsOpen = registry.count
        return snapshot
    }

    /// Accepts connections on a Unix socket, made as `ListeningSocket.bind` says. Returns once clients can connect.
    /// - Throws: `SocketError`: another daemon is there, a directory others can enter, a path too long, …
    package func listen(on address: UnixSocketAddress) async throws {
        try await listen(on: try ListeningSocket.bind(to: address))
    }

    /// Accepts connections on a socket that is bound already, such as one from `ListeningSocket.activated()`.
    package func listen(on socket: ListeningSocket) async throws {
        let bootstrap = ServerBootstrap(group: Threads.eventLoops)
            // As many clients may wait to be accepted as may stay connected.
            .serverChannelOption(.backlog, value: Int32(clamping: max(128, service.configuration.maximumConnections)))
            .serverChannelInitializer { [logger = service.logger] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoff(logger: logger))
                }
            }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { [self] channel in accept(channel, checkPeer: true) { _ in } }
        let channel: any Channel
        do {
            channel = try await bootstrap.withBoundSocket(socket.descriptor).get()
        } catch {
            socket.remove()
            throw error
        }
        let isStopping = state.withLock { state in
            if !state.isStopping { state.listeners.append(Listener(channel: channel, socket: socket)) }
            return state.isStopping
        }
        if isStopping {
            try? await channel.close()
            socket.remove()
            throw RPCError.shuttingDown
        }
        service.logger.info("listening on \(socket.path ?? "an inherited socket")")
    }

    /// Puts sockets back whose files somebody removes (whatever cleans `/tmp`, say), looking for them at intervals.
    /// Returns when that cannot be done, because another daemon serves there by now: no new client finds this one.
    /// - Throws: `CancellationError`.
    package func keepSocketsInPlace(every interval: Duration = .seconds(2)) async throws {
        while true {
            try await Task.sleep(for: interval)
            let lost = state.withLock { state in state.listeners.filter { !$0.socket.isInPlace } }
            for listener in lost {
                do {
                    try await listen(on: try listener.socket.restored())
                } catch {
                    service.logger.warning(
                        "the socket \(listener.socket.path ?? "") was removed, and cannot be put back: \(error)")
                    return
                }
                service.logger.notice("the socket \(listener.socket.path ?? "") was removed; it is back")
                state.withLock { state in state.listeners.removeAll { $0.channel === listener.channel } }
                try? await listener.channel.close()
            }
        }
    }

    /// Serves one client over the descriptors that `StandardIO.takeOver` took, until it ends its input or goes away.
    /// Requests received before the end of input are answered first. An output that nobody reads is waited for no
    /// longer than `drainTime` allows, nor than the deadline of a stop.
    package func serve(_ standardIO: StandardIO) async throws -> ConnectionEnd {
        let drainTime = service.configuration.drainTime
        let interrupt = try PumpInterrupt()
        let (ours, pumped) = try SocketPair.make()
        registry.add(interrupt)
        defer { registry.remove(interrupt) }
        async let isTaken = DescriptorPump(
            input: standardIO.input, output: standardIO.output, socket: pumped, patience: drainTime,
            interrupt: interrupt
        ).run()
        let end = try await serve(connectedSocket: ours, drainTime: drainTime)
        if end == .tooSlow { interrupt.cut() }
        if await !isTaken { service.logger.warning("what was left of the output was not read in time and is lost") }
        return end
    }

    /// Serves one client over a connected stream socket, which this call takes ownership of.
    package func serve(connectedSocket descriptor: Int32) async throws -> ConnectionEnd {
        try await serve(connectedSocket: descriptor, drainTime: nil)
    }

    private func serve(connectedSocket descriptor: Int32, drainTime: Duration?) async throws -> ConnectionEnd {
        try await withCheckedThrowingContinuation { continuation in
            let once = Mutex<CheckedContinuation<ConnectionEnd, any Error>?>(continuation)
            let finish: @Sendable (Result<ConnectionEnd, any Error>) -> Void = { result in
                let continuation = once.withLock { held in
                    defer { held = nil }
                    return held
                }
                continuation?.resume(with: result)
            }
            ClientBootstrap(group: Threads.eventLoops)
                .channelOption(.allowRemoteHalfClosure, value: true)
                .channelInitializer { [self] channel in
                    accept(channel, checkPeer: false, drainTime: drainTime) { finish(.success($0)) }
                }
                .withConnectedSocket(descriptor)
                .whenFailure { finish(.failure($0)) }
        }
    }

    /// Sends `window/logMessage` to the clients that have said `initialize`, or to one of them: errors and warnings to
    /// each, what is less grave to those that trace. Dropped where a client's output is backed up. From any thread;
    /// does not block.
    package func log(_ type: LogMessageType, _ message: String, to recipient: ConnectionID? = nil) {
        guard let bytes = try? OutgoingMessage.notification("window/logMessage", params: type.params(message)) else {
            return
        }
        let notification = ByteBuffer(bytes: bytes)
        if let recipient {
            registry.with(recipient) { $0.tell(type, notification) }
        } else {
            registry.forEach { $0.tell(type, notification) }
        }
    }

    /// Returns once no connection has been open, and no handler has run, for `duration`.
    /// - Throws: `CancellationError`.
    package func waitUntilIdle(for duration: Duration) async throws {
        while true {
            var wait = duration
            if let since = registry.emptySince {
                wait = duration - (ContinuousClock.now - since)
                if wait <= .zero {
                    if !service.ledger.isBusy { return }
                    // Handlers whose client is gone are about to return.
                    wait = min(duration, .seconds(1))
                }
            }
            try await Task.sleep(for: wait)
        }
    }

    /// Gives up the sockets, so that the next client finds none and starts a daemon of its own, and serves those who
    /// came before, until they leave.
    package func retire() async {
        let listeners = state.withLock { state in
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners { listener.socket.remove() }
        // Clients who had connected by then may wait to be accepted.
        try? await Task.sleep(for: .milliseconds(100))
        for listener in listeners { try? await listener.channel.close() }
        await registry.waitUntilEmpty()
    }

    /// Stops: no connection and no request is taken (error 1012), running handlers are cancelled, every request is
    /// replied to, replies are flushed, sockets are removed.
    ///
    /// A handler that returns although it was cancelled has its result sent, so the request that asked for the stop
    /// gets its reply. Three quarters of `deadline` are left to handlers, then error 1012 is sent in their place; at
    /// `deadline` connections are closed even if their client has not read everything. Returns a second after it at the
    /// latest.
    package func stop(deadline: Duration = .seconds(5)) async {
        registry.stop()
        let listeners = state.withLock { state in
            state.isStopping = true
            defer { state.listeners = [] }
            return state.listeners
        }
        for listener in listeners {
            listener.socket.remove()
            try? await listener.channel.close()
        }
        registry.forEach { $0.stop() }
        let loop = Threads.eventLoops.next()
        let registry = registry
        let patience = loop.scheduleTask(in: TimeAmount(deadline * 3 / 4)) { registry.forEach { $0.stopWaiting() } }
        let end = loop.scheduleTask(in: TimeAmount(deadline)) {
            registry.forEach { $0.abort() }
            registry.cutPumps()
        }
        let surrender = loop.scheduleTask(in: TimeAmount(deadline) + .seconds(1)) { [logger = service.logger] in
            logger.warning("connections that did not close in time are left behind")
            registry.stopWaiting()
        }
        await registry.waitUntilEmpty()
        for task in [patience, end, surrender] { task.cancel() }
    }

    /// Sets up a channel for a client, or turns the client away.
    private func accept(
        _ channel: any Channel, checkPeer: Bool, drainTime: Duration? = nil,
        onEnd: @escaping @Sendable (ConnectionEnd) -> Void
    ) -> EventLoopFuture<Void> {
        let peer = checkPeer ? PeerCredentials.read(from: channel) : channel.eventLoop.makeSucceededFuture(nil)
        return peer.flatMapThrowing { [self] peer in
            let id: ConnectionID
            do throws(RPCError) {
                if let peer { try service.configuration.peerPolicy.check(peer) }
                id = try registry.reserve(limit: service.configuration.maximumConnections)
            } catch {
                service.logger.warning("a connection was refused: \(error.message)")
                service.ledger.count(\.connectionsRefused)
                try channel.pipeline.syncOperations.addHandler(RefusedConnection(error: error))
                onEnd(.disconnected)
                return
            }
            service.ledger.count(\.connectionsAccepted)
            let registry = registry
            let connection = Connection(
                id: id, service: service, eventLoop: channel.eventLoop, drainTime: drainTime
            ) { end in
                registry.remove(id)
                onEnd(end)
            }
            let mayStay = registry.add(connection.bound, id: id)
            do {
                try channel.pipeline.syncOperations.addHandler(connection)
            } catch {
                // The channel is closed already, and the connection will hear nothing of it.
                registry.remove(id)
                throw error
            }
            if !mayStay { connection.eventLoop.assumeIsolated().execute { connection.stop() } }
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .seconds(seconds) + .nanoseconds(attoseconds / 1_000_000_000)
    }
}
