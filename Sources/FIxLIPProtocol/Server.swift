/// Answers at once, whatever else the daemon does.
public enum ServerPing: RequestMethod {
    public static let name = "server/ping"
    public typealias Parameters = NoParameters
    public struct Result: Codable, Sendable {
        public var pid: Int
        public var version: String
        public init(pid: Int, version: String) {
            self.pid = pid
            self.version = version
        }
    }
}

/// Ends the daemon: no further work is taken, running work is cancelled, replies are flushed, the socket is removed.
public enum ServerStop: RequestMethod {
    public static let name = "server/stop"
    public typealias Parameters = NoParameters
    public typealias Result = Acknowledgement
}

/// What the daemon holds and does.
public enum ServerStatus: RequestMethod {
    public static let name = "server/status"
    public typealias Parameters = NoParameters

    public struct Games: Codable, Sendable {
        public var count: Int
        public var masks: Int
        public var bytes: Int
        public init(count: Int, masks: Int, bytes: Int) {
            self.count = count
            self.masks = masks
            self.bytes = bytes
        }
    }

    public struct GameMemory: Codable, Sendable {
        public var image: Games
        public var text: Games
        public var limitBytes: Int
        public var evicted: Int
        public init(image: Games, text: Games, limitBytes: Int, evicted: Int) {
            self.image = image
            self.text = text
            self.limitBytes = limitBytes
            self.evicted = evicted
        }
    }

    public struct Queues: Codable, Sendable {
        /// Inputs of requests somebody waits for.
        public var interactive: Int
        /// Masked inputs of refinements.
        public var refinement: Int
        public var refinementsRunning: Int
        public init(interactive: Int, refinement: Int, refinementsRunning: Int) {
            self.interactive = interactive
            self.refinement = refinement
            self.refinementsRunning = refinementsRunning
        }
    }

    public struct MethodCounts: Codable, Sendable {
        public var count: Int
        public var errors: Int
        public var p50Milliseconds: Double
        public var p90Milliseconds: Double
        public var p99Milliseconds: Double
        public init(
            count: Int, errors: Int, p50Milliseconds: Double, p90Milliseconds: Double, p99Milliseconds: Double
        ) {
            self.count = count
            self.errors = errors
            self.p50Milliseconds = p50Milliseconds
            self.p90Milliseconds = p90Milliseconds
            self.p99Milliseconds = p99Milliseconds
        }
    }

    public struct Unload: Codable, Sendable {
        public var id: String
        public var reason: String
        public var secondsAgo: Double
        public init(id: String, reason: String, secondsAgo: Double) {
            self.id = id
            self.reason = reason
            self.secondsAgo = secondsAgo
        }
    }

    public struct Result: Codable, Sendable {
        public var version: String
        public var pid: Int
        public var uptimeSeconds: Double
        public var socket: String?
        public var models: [ModelStatus]
        public var unloads: [Unload]
        public var games: GameMemory
        public var explanations: [ExplanationSummary]
        public var queues: Queues
        public var connections: Int
        public var requests: [String: MethodCounts]
        public var residentBytes: Int
        public var threads: Int
        public var computeThreads: Int
        public var cpuFeatures: [String]
        /// Seconds without clients after which the daemon ends, if it does.
        public var idleExitSeconds: Double?
        public init(
            version: String, pid: Int, uptimeSeconds: Double, socket: String?, models: [ModelStatus],
            unloads: [Unload], games: GameMemory, explanations: [ExplanationSummary], queues: Queues,
            connections: Int, requests: [String: MethodCounts], residentBytes: Int, threads: Int,
            computeThreads: Int, cpuFeatures: [String], idleExitSeconds: Double? = nil
        ) {
            self.version = version
            self.pid = pid
            self.uptimeSeconds = uptimeSeconds
            self.socket = socket
            self.models = models
            self.unloads = unloads
            self.games = games
            self.explanations = explanations
            self.queues = queues
            self.connections = connections
            self.requests = requests
            self.residentBytes = residentBytes
            self.threads = threads
            self.computeThreads = computeThreads
            self.cpuFeatures = cpuFeatures
            self.idleExitSeconds = idleExitSeconds
        }
    }
}
