// Written by tools/protocol/generate_swift.py from protocol/; edit the schemas there.

/// `server/ping`: Answers at once.
package enum ServerPing: RequestMethod {
    package static let name = "server/ping"
    package typealias Parameters = NoParameters

    /// Result of `server/ping`.
    package struct Result: Codable, Sendable, Equatable {
        /// The daemon's process.
        package var pid: Int
        /// The program's version.
        package var version: String

        package init(pid: Int, version: String) {
            self.pid = pid
            self.version = version
        }
    }
}

/// `server/status`: What the daemon holds and does.
package enum ServerStatus: RequestMethod {
    package static let name = "server/status"
    package typealias Parameters = NoParameters

    /// Result of `server/status`.
    package struct Result: Codable, Sendable, Equatable {
        /// The program's version.
        package var version: String
        /// The daemon's process.
        package var pid: Int
        /// Seconds since the start.
        package var uptimeSeconds: Double
        /// The socket's path; absent over stdio.
        package var socket: String?
        /// Models in memory, most recently used first.
        package var models: [ModelStatus]
        /// The last unloads.
        package var unloads: [ServerStatus.Unload]
        /// Warm games.
        package var games: ServerStatus.GameMemory
        /// Open explanations.
        package var explanations: [ExplanationSummary]
        /// What waits for the compute threads.
        package var queues: ServerStatus.Queues
        /// Open connections.
        package var connections: Int
        /// By method, those that were asked for.
        package var requests: [String: ServerStatus.MethodCounts]
        /// Resident memory of the process, in bytes.
        package var residentBytes: Int
        /// Threads of the process.
        package var threads: Int
        /// Threads that encode.
        package var computeThreads: Int
        /// Processor features that matter for speed, such as `avx512`.
        package var cpuFeatures: [String]
        /// Seconds without any connection after which the daemon ends; absent where it stays.
        package var idleExitSeconds: Double?

        package init(
            version: String, pid: Int, uptimeSeconds: Double, socket: String? = nil, models: [ModelStatus],
            unloads: [ServerStatus.Unload], games: ServerStatus.GameMemory, explanations: [ExplanationSummary],
            queues: ServerStatus.Queues, connections: Int, requests: [String: ServerStatus.MethodCounts],
            residentBytes: Int, threads: Int, computeThreads: Int, cpuFeatures: [String], idleExitSeconds: Double? = nil
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

    /// A model that left memory.
    package struct Unload: Codable, Sendable, Equatable {
        /// What the client called it.
        package var id: String
        /// Why.
        package var reason: String
        /// Seconds since then.
        package var secondsAgo: Double

        package init(id: String, reason: String, secondsAgo: Double) {
            self.id = id
            self.reason = reason
            self.secondsAgo = secondsAgo
        }
    }

    /// Warm games: the masks encoded so far and their embeddings, kept so that later explanations of the same image or
    /// caption begin where earlier ones ended.
    package struct GameMemory: Codable, Sendable, Equatable {
        /// Games of images; they do not depend on any caption.
        package var image: ServerStatus.Games
        /// Games of captions; they do not depend on any image.
        package var text: ServerStatus.Games
        /// Bytes all games may take; the least recently used go first.
        package var limitBytes: Int
        /// Games that had to go since the start.
        package var evicted: Int

        package init(image: ServerStatus.Games, text: ServerStatus.Games, limitBytes: Int, evicted: Int) {
            self.image = image
            self.text = text
            self.limitBytes = limitBytes
            self.evicted = evicted
        }
    }

    /// Warm games of one modality.
    package struct Games: Codable, Sendable, Equatable {
        /// Games.
        package var count: Int
        /// Masks whose embeddings are kept.
        package var masks: Int
        /// Bytes they take.
        package var bytes: Int

        package init(count: Int, masks: Int, bytes: Int) {
            self.count = count
            self.masks = masks
            self.bytes = bytes
        }
    }

    /// What waits for the compute threads.
    package struct Queues: Codable, Sendable, Equatable {
        /// Inputs of requests somebody waits for.
        package var interactive: Int
        /// Masked inputs of refinements.
        package var refinement: Int
        /// Explanations being refined.
        package var refinementsRunning: Int

        package init(interactive: Int, refinement: Int, refinementsRunning: Int) {
            self.interactive = interactive
            self.refinement = refinement
            self.refinementsRunning = refinementsRunning
        }
    }

    /// Replies to one method since the start, and their latency from the whole message's arrival to the reply.
    package struct MethodCounts: Codable, Sendable, Equatable {
        /// Replies.
        package var count: Int
        /// Error replies among them.
        package var errors: Int
        /// Median, in milliseconds.
        package var p50Milliseconds: Double
        /// 90th percentile, in milliseconds.
        package var p90Milliseconds: Double
        /// 99th percentile, in milliseconds.
        package var p99Milliseconds: Double

        package init(
            count: Int, errors: Int, p50Milliseconds: Double, p90Milliseconds: Double, p99Milliseconds: Double
        ) {
            self.count = count
            self.errors = errors
            self.p50Milliseconds = p50Milliseconds
            self.p90Milliseconds = p90Milliseconds
            self.p99Milliseconds = p99Milliseconds
        }
    }
}

/// `server/stop`: Ends the daemon.
package enum ServerStop: RequestMethod {
    package static let name = "server/stop"
    package typealias Parameters = NoParameters
    package typealias Result = Acknowledgement
}
