import Glibc
import Logging
import NIOCore

/// Pauses accepting while descriptors have run out. Clients that wait keep the listening socket readable, so that
/// trying again at once would take a processor; they are accepted when a descriptor is free.
final class AcceptBackoff: ChannelInboundHandler {
    typealias InboundIn = any Channel
    typealias InboundOut = any Channel

    private static let pause = TimeAmount.milliseconds(100)

    private let logger: Logger
    private var isExhausted = false

    init(logger: Logger) { self.logger = logger }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        isExhausted = false
        context.fireChannelRead(data)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? IOError, [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(failure.errnoCode) else {
            context.fireErrorCaught(error)
            return
        }
        if !isExhausted {
            logger.warning("clients wait to be accepted: \(String(cString: strerror(failure.errnoCode)))")
        }
        isExhausted = true
        let channel = context.channel
        try? channel.syncOptions?.setOption(.autoRead, value: false)
        channel.eventLoop.scheduleTask(in: Self.pause) {
            try? channel.syncOptions?.setOption(.autoRead, value: true)
        }
    }
}
