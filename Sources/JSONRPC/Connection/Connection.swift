import JSON
import Logging
import NIOCore

/// One client: bytes in, requests run, replies out.
///
/// Composed of four values, each of which owns its part of the state: ``ConnectionInput``, ``ConnectionRequests``,
/// ``ConnectionOutput`` and ``StallWatch``. All of it belongs to the channel's event loop. Handlers run in tasks of
/// their own and reach the connection only through the mailbox (notifications) and `eventLoop.execute` (their end).
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
    let logger: Logger
    let mailbox = Mailbox()
    /// How long the client may take nothing of what is left when the connection ends; `nil` for ever.
    let drainTime: Duration?
    /// Called once, with the reason, when the channel is closed, whether it had become active or not.
    private let onEnd: @Sendable (ConnectionEnd) -> Void

    private(set) var context: ChannelHandlerContext?
    private(set) var phase = Phase.open
    /// Why the connection ends, as far as it is known.
    private var end: ConnectionEnd?

    var input: ConnectionInput
    var requests = ConnectionRequests()
    var output = ConnectionOutput()
    var stall = StallWatch()

    init(
        id: ConnectionID, service: RPCService, eventLoop: any EventLoop, drainTime: Duration?,
        onEnd: @escaping @Sendable (ConnectionEnd) -> Void
    ) {
        self.id = id
        self.service = service
        self.eventLoop = eventLoop
        self.drainTime = drainTime
        self.onEnd = onEnd
        input = ConnectionInput(limits: service.configuration.framing)
        var logger = service.logger
        logger[metadataKey: "connection"] = "\(id.number)"
        self.logger = logger
    }

    /// For use in closures that come back to this event loop.
    var bound: NIOLoopBound<Connection> { NIOLoopBound(self, eventLoop: eventLoop) }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        // A channel that is closed before it is active tells nothing else.
        finish()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        receive(unwrapInboundIn(data))
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { input.holdRead() }
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
        stall.cancel()
        mailbox.close()
        input.discard()
        countUnfinished()
        abandonRequests()
        onEnd(end ?? .disconnected)
    }

    /// No new work is taken, running work is cancelled; the connection closes when the last handler has replied.
    func stop() {
        guard phase == .open else { return }
        requests.stop()
        closeWhenDone()
    }

    /// Replies to what is left, then closes.
    func stopWaiting() {
        guard phase == .open else { return }
        requests.stop()
        replyToAll(.shuttingDown)
        close(because: .stopped)
    }

    /// Closes without flushing.
    func abort() {
        closeNow(because: end ?? .stopped)
    }

    /// Closes without flushing, for a reason that takes the place of any other.
    func closeNow(because reason: ConnectionEnd) {
        end = reason
        context?.close(promise: nil)
    }

    /// The input cannot be read any further; what was read is still answered.
    func inputEnds(because error: FramingError) { end = .framing(error) }

    /// Closes if nothing more is to come from the client and nothing is owed to it.
    func closeWhenDone() {
        guard phase == .open, requests.pending.isEmpty, input.isEmpty else { return }
        if requests.isStopping {
            close(because: .stopped)
        } else if input.isOver {
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
        stall.cancel()
        watchForStall()
    }

    func closeIfFlushed() {
        guard phase == .flushing, output.queuedBytes == 0, let context else { return }
        guard input.hasFailed, !input.hasEnded else {
            context.close(promise: nil)
            return
        }
        // Closing a socket that has unread input resets it, and the client might never see the error.
        phase = .lingering
        context.close(mode: .output, promise: nil)
        input.forgetHeldRead()
        context.read()
        let connection = bound
        eventLoop.scheduleTask(in: .seconds(2)) { connection.value.context?.close(promise: nil) }
    }
}
