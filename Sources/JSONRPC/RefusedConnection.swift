import NIOCore

/// A client that is told why it may not connect, and disconnected. Its framing is not known: it gets a line.
final class RefusedConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let error: RPCError

    init(error: RPCError) { self.error = error }

    func channelActive(context: ChannelHandlerContext) {
        let bytes = Framing.lines.frame(OutgoingMessage.error(error, id: .null))
        let channel = context.channel
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes))).whenComplete { _ in
            channel.close(promise: nil)
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
