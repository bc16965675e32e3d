import NIOCore

/// A client that is told why it may not connect, and disconnected: in the framing of what it sends, or in a line if it
/// sends nothing for a moment.
final class RefusedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private static let patience = TimeAmount.milliseconds(100)

    private let error: RPCError
    private var isOver = false

    init(error: RPCError) { self.error = error }

    func channelActive(context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().scheduleTask(in: Self.patience) { self.tell(context, framing: .lines) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var decoder = FrameDecoder()
        unwrapInboundIn(data).withUnsafeReadableBytes { _ = decoder.decode($0) }
        tell(context, framing: decoder.framing ?? .lines)
    }

    func handlerRemoved(context: ChannelHandlerContext) { isOver = true }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }

    private func tell(_ context: ChannelHandlerContext, framing: Framing) {
        guard !isOver else { return }
        isOver = true
        let bytes = framing.frame(OutgoingMessage.error(error, id: .null))
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
