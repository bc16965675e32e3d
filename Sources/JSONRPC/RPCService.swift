import JSON
import Logging

/// What all connections of a server share. Immutable but for the ledger.
final class RPCService: Sendable {
    let configuration: RPCServerConfiguration
    let methods: MethodTable
    let logger: Logger
    let ledger = ServerLedger()

    init(configuration: RPCServerConfiguration, methods: MethodTable, logger: Logger) {
        self.configuration = configuration
        self.methods = methods
        self.logger = logger
    }

    /// What runs for a call; `nil` for methods that do not exist or are built in.
    func handler(of call: IncomingCall) -> RequestHandler? {
        if call.id != nil { return methods.request(call.method) }
        guard let handler = methods.notification(call.method) else { return nil }
        let logger = logger
        return { params, context in
            do {
                try await handler(params, context)
            } catch {
                logger.info(
                    "the notification '\(context.method)' failed: \(error)",
                    metadata: ["connection": "\(context.connection.number)"])
                throw error
            }
            return .null
        }
    }

    /// Whether an item, if admitted, makes a handler run.
    func startsHandler(_ item: IncomingItem) -> Bool {
        switch item {
        case .request(_, let method, _): methods.request(method) != nil
        case .notification(let method, _):
            !MethodTable.builtInNotifications.contains(method) && methods.notification(method) != nil
        case .response, .invalid: false
        }
    }
}
