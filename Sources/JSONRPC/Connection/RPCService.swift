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
        guard let handler = methods.request(call.method) else { return nil }
        if call.id != nil { return handler }
        // A request sent without an id runs all the same (JSON-RPC 2.0, section 4.1); its result goes nowhere.
        let logger = logger
        return { params, context in
            do {
                _ = try await handler(params, context)
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
        case .request(_, let method, _), .notification(let method, _): methods.request(method) != nil
        case .response, .invalid: false
        }
    }
}
