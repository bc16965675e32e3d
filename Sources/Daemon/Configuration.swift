import FIxLIPProtocol

/// Everything the command line can set.
package struct DaemonConfiguration: Sendable {
    /// The model meant when a request names none.
    package var defaultModel = "demo"
    /// Folders searched for built-in models.
    package var modelFolders: [String] = []
    package var precision: PrecisionChoice = .auto
    /// Images must lie inside one of these; empty means anywhere.
    package var imageRoots: [String] = []
    package var maximumImagePixels = 64_000_000
    /// Bytes that masks and their embeddings may take.
    package var gameMemory = 1 << 30
    /// Bytes that model weights may take; nil means no limit.
    package var modelMemory: Int?
    /// Seconds a model stays without use; −1 keeps it.
    package var keepAlive = 300.0
    /// Seconds an explanation stays open without use.
    package var explanationIdle = 3600.0
    /// Masks one explanation may ask for.
    package var maximumImageMasks = 1 << 16
    package var maximumTextMasks = 1 << 12
    package var computeThreads = 0
    package var maximumMessageBytes = 64 << 20
    package var maximumBatch = 1000
    package var maximumConnections = 128
    /// Seconds after which a client that leaves a large backlog unread is dropped.
    package var unreadTimeout = 60.0
    /// Seconds without client and work after which the daemon ends; nil keeps it.
    package var idleExit: Double?
    /// Requests that take longer than this many milliseconds are logged; nil logs none.
    package var slowRequest: Double?
    /// Where games are kept over a restart; nil keeps none.
    package var stateFolder: String?
    /// Bytes that folder may hold.
    package var stateLimit = 4 << 30
    /// Whether games that are kept teach what is expected of other images.
    package var learns = true

    /// A year, in seconds.
    package static let longestWait = 31_536_000.0

    package init() {}
}
