import JSON

/// Limits and hooks of a server.
package struct RPCServerConfiguration: Sendable {
    /// How long a message and a header section may be.
    package var framing = FrameDecoder.Limits()
    /// What JSON is accepted: depth, duplicate keys.
    package var json = JSONLimits.default
    /// What the values of one message may take in memory while it is parsed, as ``JSONLimits/memory`` estimates it; a
    /// message that would take more is refused before it is parsed. Eight times the largest message always fits.
    package var maximumParsingBytes = 512 << 20
    /// Requests in one batch.
    package var maximumBatch = 1_000
    /// Handlers running for one connection; more requests are error 1011. A batch is admitted whole or not at all.
    package var maximumInFlightPerConnection = 256
    /// Handlers running in the whole server.
    package var maximumInFlight = 1_024
    /// Bytes that the messages of one connection whose handlers run take in memory; a request that would exceed it is
    /// error 1011, unless it is the only one. A message counts until the last of its handlers has returned.
    package var maximumHeldBytesPerConnection = 256 << 20
    /// The same in the whole server.
    package var maximumHeldBytes = 1 << 30
    /// Bytes of all connections that no handler has yet: of messages that have come in part, or wait to be parsed. The
    /// message that exceeds it is given up: error 1011, and its connection is closed. Two of the largest messages
    /// always fit.
    package var maximumUnfinishedBytes = 512 << 20
    /// Connections open at a time; one more is told so (error 1011) and closed.
    package var maximumConnections = 128
    /// Which users may connect to a Unix socket.
    package var peerPolicy = PeerPolicy()
    /// A connection with more unsent output than this is not read from…
    package var outputHighWatermark = 1 << 20
    /// …until its unsent output is below this.
    package var outputLowWatermark = 256 << 10
    /// A client is dropped rather than let more unsent output than this pile up. A single larger reply is still sent;
    /// of replies that wait for the rest of their batch, those that would exceed it become error 1011.
    package var outputLimit = 256 << 20
    /// Unsent output of all clients. Of those that have more than `outputHighWatermark` unsent, the one whose reply
    /// would exceed this is dropped.
    package var maximumOutput = 1 << 30
    /// While a client has more unsent output than `outputHighWatermark`, it must take `stallBytes` of it in each
    /// `stallTime`, or it is dropped.
    package var stallTime = Duration.seconds(60)
    package var stallBytes = 64 << 10
    /// Over standard input and output, a client that sends no more must take some of what is left in each such time, or
    /// it is dropped: else the process might never end.
    package var drainTime = Duration.seconds(60)
    /// Progress waits, and is replaced by later progress, while there is more unsent output than this.
    package var progressWatermark = 16 << 10
    /// Called when a reply has left the process, for a slow-request log. Runs on an event loop: must not block.
    package var onRequestFinished: (@Sendable (RequestTimings) -> Void)?

    package init() {}

    /// What JSON of a message is accepted.
    var messageLimits: JSONLimits {
        var limits = json
        limits.memory = min(limits.memory, max(maximumParsingBytes, 8 * framing.messageBytes))
        return limits
    }
}

/// Where the time of one request went.
package struct RequestTimings: Sendable {
    package enum Outcome: Sendable, Equatable {
        case result, error, cancelled
    }

    package let method: String
    /// `nil` for a notification.
    package let id: RequestID?
    package let connection: ConnectionID
    package let outcome: Outcome
    /// From the arrival of the whole message to the start of its handler.
    package let queue: Duration
    /// From the start of its handler to the reply.
    package let handle: Duration
    /// From the reply to the moment the operating system took its last byte.
    package let write: Duration
    /// What the handler says of its own stages; see `RequestStages`.
    package let stages: [String: Duration]
}

/// Why a connection ended.
package enum ConnectionEnd: Sendable, Equatable {
    /// The client ended its input; everything received was answered.
    case endOfInput
    /// The client sent `exit`; whether `shutdown` came before, as LSP wants, decides a stdio server's exit status.
    case exit(afterShutdown: Bool)
    /// The client's bytes could not be cut into messages.
    case framing(FramingError)
    /// The client did not read: its unsent output reached the limit, or stayed.
    case tooSlow
    /// The server stopped.
    case stopped
    /// The client went away, or the connection broke.
    case disconnected
}
