import JSONRPC
import Logging
import ShownText

/// Passes what the daemon logs about models and games on to its clients, as `window/logMessage`. What the server logs
/// about connections is not passed on: it is no client's business what others do.
struct ClientLog: LogHandler {
    private let server: ServerReference
    /// The handler has a level of its own, so that clients are told the same whatever `--log-level` is.
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?

    /// A logger that writes where `logger` does, and to the clients of `server`.
    static func logger(besides logger: Logger, to server: ServerReference) -> Logger {
        Logger(label: logger.label) { _ in MultiplexLogHandler([logger.handler, ClientLog(server: server)]) }
    }

    private init(server: ServerReference) { self.server = server }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let type: LogMessageType? =
            switch event.level {
            case .critical, .error: .error
            case .warning: .warning
            case .notice, .info: .info
            case .debug, .trace: nil
            }
        if let type { server.log(type, text(event)) }
    }

    /// One line for people: the message, then what it is about.
    private func text(_ event: LogEvent) -> String {
        let facts = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }.map {
            "\($0.key): \($0.value)"
        }
        let text = facts.isEmpty ? "\(event.message)" : "\(event.message) (\(facts.joined(separator: ", ")))"
        return text.printable()
    }
}
