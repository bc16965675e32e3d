import Logging
import Synchronization

/// What was logged.
final class RecordedLog: Sendable {
    private let levels = Mutex<[Logger.Level]>([])

    var warnings: Int { levels.withLock { $0.count { $0 == .warning } } }

    var logger: Logger { Logger(label: "test") { _ in Handler(record: self) } }

    private struct Handler: LogHandler {
        let record: RecordedLog
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]
        var metadataProvider: Logger.MetadataProvider?

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { record.levels.withLock { $0.append(event.level) } }
    }
}
