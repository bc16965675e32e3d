public import JSON

/// Limits and hooks of a server.
public struct RPCServerConfiguration: Sendable {
    /// How long a message and a header section may be.
    public var framing = FrameDecoder.Limits()
    /// What JSON is accepted: depth, duplicate keys.
    public var json = JSONLimits.default
    /// Requests in one batch.
    public var maximumBatch = 1_000
    /// Handlers running for one connection; more requests are error 1011. A batch is admitted whole or not at all.
    public var maximumInFlightPerConnection = 256
    /// Handlers running in the whole server.
    public var maximumInFlight = 1_024
    /// Bytes of the messages of one connection whose handlers run; a request that would exceed it is error 1011, unless
    /// it is the only one. A message counts until the last of its handlers has returned.
    public var maximumHeldBytesPerConnection = 256 << 20
    /// The same in the whole server.
    public var maximumHeldBytes = 1 << 30
    /// Bytes of all connections that no handler has yet: of messages that have come in part, or wait to be parsed. The
    /// message that exceeds it is given up: error 1011, and its connection is closed. Two of the largest messages
    /// always fit.
    public var maximumUnfinishedBytes = 512 << 20
    /// Connections open at a time; one more is told so (error 1011) and closed.
    public var maximumConnections = 128
    /// Which users may connect to a Unix socket.
    public var peerPolicy = PeerPolicy()
    /// A connection with more unsent output than this is not read from…
    public var outputHighWatermark = 1 << 20
    /// …until its unsent output is below this.
    public var outputLowWatermark = 256 << 10
    /// A client is dropped rather than let more unsent output than this pile up. A single larger reply is still sent;
    /// of replies that wait for the rest of their batch, those that would exceed it become error 1011.
    public var outputLimit = 256 << 20
    /// Unsent output of all clients. Of those that have more than `outputHighWatermark` unsent, the one whose reply
    /// would exceed this is dropped.
    public var maximumOutput = 1 << 30
    /// While a client has more unsent output than `outputHighWatermark`, it must take `stallBytes` of it in each
    /// `stallTime`, or it is dropped.
    public var stallTime = Duration.seconds(60)
    public var stallBytes = 64 << 10
    /// Over standard input and output, a client that sends no more must take some of what is left in each such time, or
    /// it is dropped: else the process might never end.
    public var drainTime = Duration.seconds(60)
    /// Progress waits, and is replaced by later progress, while there is more unsent output than this.
    public var progressWatermark = 16 << 10
    /// Called when a reply has left the process, for a slow-request log. Runs on an event loop: must not block.
    public var onRequestFinished: (@Sendable (RequestTimings) -> Void)?

    public init() {}
}

/// Where the time of one request went.
public struct RequestTimings: Sendable {
    public enum Outcome: Sendable, Equatable {
        case result, error, cancelled
    }

    public let method: String
    /// `nil` for a notification.
    public let id: RequestID?
    public let connection: ConnectionID
    public let outcome: Outcome
    /// From the arrival of the whole message to the start of its handler.
    public let queue: Duration
    /// From there to the reply.
    public let handle: Duration
    /// From the reply to the moment the operating system took its last byte.
    public let write: Duration
    /// What the handler says of its own stages; see `RequestStages`.
    public let stages: [String: Duration]
}

/// Why a connection ended.
public enum ConnectionEnd: Sendable, Equatable {
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
