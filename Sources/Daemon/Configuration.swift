import FIxLIPProtocol

/// Everything the command line can set.
public struct DaemonConfiguration: Sendable {
    /// The model meant when a request names none.
    public var defaultModel = "demo"
    /// Folders searched for built-in models.
    public var modelFolders: [String] = []
    public var precision: PrecisionChoice = .auto
    /// Images must lie inside one of these; empty means anywhere.
    public var imageRoots: [String] = []
    public var maximumImagePixels = 64_000_000
    /// Bytes that masks and their embeddings may take.
    public var gameMemory = 1 << 30
    /// Bytes that model weights may take; nil means no limit.
    public var modelMemory: Int?
    /// Seconds a model stays without use; −1 keeps it.
    public var keepAlive = 300.0
    /// Seconds an explanation stays open without use.
    public var explanationIdle = 3600.0
    /// Masks one explanation may ask for.
    public var maximumImageMasks = 1 << 16
    public var maximumTextMasks = 1 << 12
    public var computeThreads = 0
    public var maximumMessageBytes = 64 << 20
    public var maximumBatch = 1000
    public var maximumConnections = 128
    /// Seconds after which a client that leaves a large backlog unread is dropped.
    public var unreadTimeout = 60.0
    /// Seconds without client and work after which the daemon ends; nil keeps it.
    public var idleExit: Double?
    /// Requests that take longer than this many milliseconds are logged; nil logs none.
    public var slowRequest: Double?
    /// Where games are kept over a restart; nil keeps none.
    public var stateFolder: String?
    /// Bytes that folder may hold.
    public var stateLimit = 4 << 30

    /// A year, in seconds.
    public static let longestWait = 31_536_000.0

    public init() {}
}
