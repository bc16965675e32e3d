import JSON
import NIOCore

/// Runs a request's handler and writes its reply, off the event loop.
struct HandlerTask: Sendable {
    let method: String
    let id: RequestID?
    let handler: RequestHandler
    let params: JSONValue?
    let context: RequestContext
    let stages = RequestStages()

    func run() async -> HandlerOutcome {
        do {
            let result = try await RequestStages.$current.withValue(stages) { try await handler(params, context) }
            return try await write(result)
        } catch is CancellationError {
            return .cancelled
        } catch let error as RPCError where error.code == RPCError.Code.requestCancelled {
            return .cancelled
        } catch {
            return .error(
                ByteBuffer(bytes: OutgoingMessage.error(RPCError(thrown: error, by: method), id: id ?? .null)))
        }
    }

    private func write(_ result: JSONValue) async throws -> HandlerOutcome {
        guard let id else { return .result(ByteBuffer()) }
        guard result.isLarge else { return Self.written(result, id: id, method: method) }
        return try await Threads.onJSON { Self.written(result, id: id, method: method) }
    }

    private static func written(_ result: JSONValue, id: RequestID, method: String) -> HandlerOutcome {
        do throws(JSONError) {
            return .result(ByteBuffer(bytes: try OutgoingMessage.result(result, id: id)))
        } catch {
            let failure = RPCError.internalError("the result of '\(method)' cannot be written as JSON: \(error)")
            return .error(ByteBuffer(bytes: OutgoingMessage.error(failure, id: id)))
        }
    }
}

extension JSONValue {
    /// About as many values as are read or written in the time that a few changes of threads take.
    static let fewValues = 4096

    /// Whether reading or writing this takes long enough to matter to others on the same thread: more than
    /// ``fewValues`` or 64 KiB of text. Complexity: bounded by those limits, not by the size of the value.
    var isLarge: Bool {
        var budget = 16 * Self.fewValues
        return !spend(&budget)
    }

    private func spend(_ budget: inout Int) -> Bool {
        switch self {
        case .string(let text): budget -= text.utf8.count
        case .array(let elements):
            budget -= 16
            for element in elements where !element.spend(&budget) { return false }
        case .object(let members):
            budget -= 16
            for (_, member) in members where !member.spend(&budget) { return false }
        default: budget -= 16
        }
        return budget >= 0
    }
}
