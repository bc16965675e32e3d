import JSON
import Logging
import NIOCore

/// One client: bytes in, requests run, replies out.
///
/// Every stored property belongs to the channel's event loop. Handlers run in tasks of their own and reach the
/// connection only through the mailbox (notifications) and `eventLoop.execute` (their end).
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = Never
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    enum Phase {
        /// Messages are read and answered.
        case open
        /// Nothing more is read or answered; what was written is on its way out.
        case flushing
        /// The output is closed; input is thrown away so that the client gets to read the last error.
        case lingering
        case closed
    }

    let id: ConnectionID
    let service: RPCService
    let eventLoop: any EventLoop
    var logger: Logger
    var context: ChannelHandlerContext?
    /// How long the client may take nothing of what is left when the connection ends; `nil` for ever.
    let drainTime: Duration?
    /// Called once, with the reason, when the channel is closed, whether it had become active or not.
    let onEnd: @Sendable (ConnectionEnd) -> Void

    var phase = Phase.open
    /// Why the connection ends, as far as it is known.
    var end: ConnectionEnd?

    // Input
    var decoder: FrameDecoder
    var inbox = CircularBuffer<(event: FrameDecoder.Event, received: ContinuousClock.Instant)>()
    /// Of the inbox's messages and of the one that is being parsed.
    var waitingBytes = 0
    /// What the ledger was told of these and of the unfinished message.
    var countedBytes = 0
    /// A large message is being parsed elsewhere; those after it wait.
    var isParsing = false
    var inputEnded = false
    var inputFailed = false
    /// A read that was held back.
    var wantsRead = false

    // Requests
    var pending = PendingTable<PendingRequest>()
    /// Handlers that have not returned, replied to or not.
    var running = 0
    var held = HeldMessages()
    var isStopping = false
    var shutdownRequested = false
    /// Whether the client's `initialize` was answered with a result: only then is it told what no request of its own
    /// brings about.
    var isInitialized = false
    var traceLevel = TraceLevel.off
    let mailbox = Mailbox()

    // Output
    /// Bytes handed to the channel that the operating system has not taken.
    var queuedBytes = 0
    /// Bytes of replies that wait for the rest of their batch.
    var gatheredBytes = 0
    /// Bytes handed to the channel since the beginning.
    var enqueuedBytes = 0
    var stallWatch: Scheduled<Void>?
    var outputIsBackedUp = false
    var progressIsBackedUp = false

    init(
        id: ConnectionID, service: RPCService, eventLoop: any EventLoop, drainTime: Duration?,
        onEnd: @escaping @Sendable (ConnectionEnd) -> Void
    ) {
        self.id = id
        self.service = service
        self.eventLoop = eventLoop
        self.drainTime = drainTime
        self.onEnd = onEnd
        decoder = FrameDecoder(limits: service.configuration.framing)
        logger = service.logger
        logger[metadataKey: "connection"] = "\(id.number)"
    }

    /// For use in closures that come back to this event loop.
    var bound: NIOLoopBound<Connection> { NIOLoopBound(self, eventLoop: eventLoop) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // Of a channel that is closed before it is active, this is all that is heard.
        finish()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(unwrapInboundIn(data))
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { wantsRead = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed = event {
            receiveEnd()
        } else {
            context.fireUserInboundEventTriggered(event)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        logger.debug("the connection broke: \(error)")
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { finish() }

    /// The channel is gone.
    private func finish() {
        guard phase != .closed else { return }
        phase = .closed
        cancelStallWatch()
        mailbox.close()
        inbox.removeAll()
        countUnfinished()
        for request in pending.takeAll() {
            request.task.cancel()
            service.ledger.finished(
                request.method, .cancelled, latency: ContinuousClock.now - request.received)
        }
        onEnd(end ?? .disconnected)
    }

    /// No new work is taken, running work is cancelled; the connection closes when the last handler has replied.
    func stop() {
        guard phase == .open else { return }
        isStopping = true
        for request in pending.all { request.task.cancel() }
        closeWhenDone()
    }

    /// Replies to what is left, then closes.
    func stopWaiting() {
        guard phase == .open else { return }
        isStopping = true
        for request in pending.takeAll() {
            request.task.cancel()
            reply(.shuttingDown, to: request)
        }
        close(because: .stopped)
    }

    /// Closes without flushing.
    func abort() {
        if end == nil { end = .stopped }
        context?.close(promise: nil)
    }

    /// Closes if nothing more is to come from the client and nothing is owed to it.
    func closeWhenDone() {
        guard phase == .open, pending.isEmpty, !isParsing, inbox.isEmpty else { return }
        if isStopping {
            close(because: .stopped)
        } else if inputEnded || inputFailed {
            close(because: .endOfInput)
        }
    }

    /// Closes once everything written has left.
    func close(because reason: ConnectionEnd) {
        guard phase == .open else { return }
        if end == nil { end = reason }
        phase = .flushing
        mailbox.close()
        closeIfFlushed()
        guard phase == .flushing, drainTime != nil else { return }
        cancelStallWatch()
        watchForStall()
    }

    func closeIfFlushed() {
        guard phase == .flushing, queuedBytes == 0, let context else { return }
        guard inputFailed, !inputEnded else {
            context.close(promise: nil)
            return
        }
        // Closing a socket that has unread input resets it, and the client might never see the error.
        phase = .lingering
        context.close(mode: .output, promise: nil)
        wantsRead = false
        context.read()
        let connection = bound
        eventLoop.scheduleTask(in: .seconds(2)) { connection.value.context?.close(promise: nil) }
    }
}
