import ArgumentParser
import Daemon
import FIxLIPProtocol
import Foundation
import JSON
import JSONRPC
import Logging

struct Serve: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs the daemon in the foreground, on a Unix socket or on standard input and output.")

    /// What holds where an option is not given.
    private static let usual = DaemonConfiguration()

    @Flag(help: "Speak on standard input and output; the end of input ends the daemon.")
    var stdio = false

    @Option(help: "Listen on this socket instead of the default one.", completion: .file())
    var socket: String?

    @Option(
        name: .shortAndLong, help: "The model meant when a request names none: demo, a folder, or org/name.",
        completion: .modelNames)
    var model = Serve.usual.defaultModel

    @Flag(help: "Load that model before the first request.")
    var preload = false

    @Option(help: "auto, f32, bf16 or int8 (masked inputs with 8-bit products, whole ones in f32).")
    var precision = Serve.usual.precision

    @Option(parsing: .unconditional, help: "Compute threads; as many as cores by default.")
    var threads = Serve.usual.computeThreads

    @Option(help: "Images must lie inside this folder; may be given several times.", completion: .directory)
    var imageRoot: [String] = []

    @Option(parsing: .unconditional, help: "Largest image, in pixels.")
    var maxImagePixels = Serve.usual.maximumImagePixels

    @Option(parsing: .unconditional, help: "Largest message, in MiB.")
    var maxMessage = Serve.usual.maximumMessageBytes >> 20

    @Option(parsing: .unconditional, help: "Most connections open at a time.")
    var maxConnections = Serve.usual.maximumConnections

    @Option(
        parsing: .unconditional,
        help: "Seconds after which a client that leaves more than 1 MiB of its output unread is dropped.")
    var unreadTimeout = Serve.usual.unreadTimeout

    @Option(parsing: .unconditional, help: "Most image masks of one explanation.")
    var maxImageMasks = Serve.usual.maximumImageMasks

    @Option(parsing: .unconditional, help: "Most text masks of one explanation.")
    var maxTextMasks = Serve.usual.maximumTextMasks

    @Option(parsing: .unconditional, help: "Memory for masks and their embeddings, in MiB.")
    var gameMemory = Serve.usual.gameMemory >> 20

    @Option(parsing: .unconditional, help: "Memory for model weights, in MiB; no limit by default.")
    var modelMemory: Int?

    @Option(parsing: .unconditional, help: "Seconds a model stays loaded without use; -1 keeps it.")
    var keepAlive = Serve.usual.keepAlive

    @Option(parsing: .unconditional, help: "Seconds an explanation stays open without use.")
    var explanationIdle = Serve.usual.explanationIdle

    @Option(parsing: .unconditional, help: "End after this many seconds without a client; by default the daemon stays.")
    var idleExit: Double?

    @Option(
        parsing: .unconditional,
        help: "Log requests that take longer than this many milliseconds, with where the time went.")
    var slowRequestLog: Double?

    @Option(help: "Keep masks and their embeddings in this folder over a restart.", completion: .directory)
    var state: String?

    @Option(parsing: .unconditional, help: "Largest size of that folder, in MiB.")
    var stateLimit = Serve.usual.stateLimit >> 20

    @Flag(help: "Do not learn from kept games what is expected of other images.")
    var noLearning = false

    @Option(help: "trace, debug, info, notice, warning, error or critical.")
    var logLevel = Logger.Level.info

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Write a line to this descriptor once clients can connect.", visibility: .hidden))
    var readyFd: Int32?

    func validate() throws {
        let instructions = ProcessInfo.processInfo.environment["FIXLIPD_INSTRUCTION_SET"]
        if let instructions, !["avx2", "baseline"].contains(instructions) {
            throw ValidationError(
                "FIXLIPD_INSTRUCTION_SET is \"\(instructions)\"; it must be avx2 or baseline, or not set")
        }
        for (option, value, range) in [
            ("--game-memory", gameMemory, 1...1 << 30), ("--model-memory", modelMemory ?? 1, 1...1 << 30),
            ("--state-limit", stateLimit, 1...1 << 30),
            ("--max-message", maxMessage, 1...1024), ("--max-connections", maxConnections, 1...65_536),
            ("--threads", threads, 0...1024),
            ("--max-image-pixels", maxImagePixels, 1...1 << 40), ("--max-image-masks", maxImageMasks, 3...1 << 24),
            ("--max-text-masks", maxTextMasks, 3...1 << 24),
        ] where !range.contains(value) {
            throw ValidationError("\(option) must be from \(range.lowerBound) to \(range.upperBound)")
        }
        let longest = DaemonConfiguration.longestWait
        if keepAlive != -1, !(0...longest).contains(keepAlive) {
            throw ValidationError("--keep-alive must be -1 or seconds, at most a year")
        }
        if !(unreadTimeout > 0 && unreadTimeout <= longest) {
            throw ValidationError("--unread-timeout must be above 0 and at most a year")
        }
        if let idleExit, !(idleExit > 0 && idleExit <= longest) {
            throw ValidationError("--idle-exit must be above 0 seconds and at most a year")
        }
        if let slowRequestLog, !(slowRequestLog >= 0 && slowRequestLog <= longest * 1000) {
            throw ValidationError("--slow-request-log must be milliseconds, 0 or more")
        }
        if !(explanationIdle > 0 && explanationIdle <= longest) {
            throw ValidationError("--explanation-idle must be above 0 and at most a year")
        }
    }

    private var daemonConfiguration: DaemonConfiguration {
        var configuration = DaemonConfiguration()
        configuration.defaultModel = modelName(model)
        configuration.precision = precision
        configuration.computeThreads = threads
        configuration.imageRoots = imageRoot.map(absolutePath)
        configuration.maximumImagePixels = maxImagePixels
        configuration.maximumMessageBytes = maxMessage << 20
        configuration.maximumConnections = maxConnections
        configuration.unreadTimeout = unreadTimeout
        configuration.idleExit = idleExit
        configuration.slowRequest = slowRequestLog
        configuration.maximumImageMasks = maxImageMasks
        configuration.maximumTextMasks = maxTextMasks
        configuration.gameMemory = gameMemory << 20
        configuration.modelMemory = modelMemory.map { $0 << 20 }
        configuration.keepAlive = keepAlive
        configuration.explanationIdle = explanationIdle
        configuration.stateFolder = state.map(absolutePath)
        configuration.stateLimit = stateLimit << 20
        configuration.learns = !noLearning
        return configuration
    }

    func run() async throws {
        // Nobody may read the log, or what a client left.
        signal(SIGPIPE, SIG_IGN)
        try StartConditions.check()
        let standardIO = stdio ? try StandardIO.takeOver() : nil
        seedJSON()
        let level = logLevel
        let log = LogStream()
        // However this ends; a log that nobody reads does not hold up the end.
        defer { log.flush(within: 1) }
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler(label: label, stream: log)
            handler.logLevel = level
            return handler
        }
        let logger = Logger(label: "fixlipd")
        if let limit = DescriptorLimit.raise(), limit < maxConnections + DescriptorLimit.reserve {
            logger.warning(
                "\(limit) file descriptors are too few for --max-connections \(maxConnections): clients may have to wait; allow \(maxConnections + DescriptorLimit.reserve) (ulimit -Hn, LimitNOFILE=)"
            )
        }
        let address = stdio && socket == nil ? nil : try socketAddress()
        let service = try DaemonService(
            configuration: daemonConfiguration, executable: executablePath, address: address, standardIO: standardIO,
            preload: preload, logger: logger, onReady: announceReady)
        try EndSignals.watch([SIGTERM, SIGINT, SIGHUP], service.end)
        var status = EXIT_SUCCESS
        do {
            try await service.run()
        } catch is DaemonService.AbnormalExit {
            status = EXIT_FAILURE
        }
        // Everything is put away. Libraries' destructors must not run beside compute threads that are still leaving.
        log.flush(within: 1)
        _exit(status)
    }

    private func socketAddress() throws -> UnixSocketAddress {
        if let socket { try UnixSocketAddress(path: absolutePath(socket)) } else { try UnixSocketAddress.standard() }
    }

    private func announceReady() {
        guard let readyFd else { return }
        _ = "ready\n".withCString { write(readyFd, $0, 6) }
        if readyFd <= STDERR_FILENO { dup2(STDERR_FILENO, readyFd) } else { close(readyFd) }
    }
}

extension PrecisionChoice: ExpressibleByArgument {}
extension Logger.Level: @retroactive ExpressibleByArgument {}
