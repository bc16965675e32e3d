import Glibc
import JSON

/// Several requests at a time over one connection: replies come as they are ready.
extension RPCClient {
    /// What a wait for replies ended with.
    package enum Arrival: Sendable {
        /// The reply to the request that `send` gave this number.
        case reply(Int64, Result<JSONValue, RPCError>)
        /// The user interrupted the wait; the requests keep running.
        case interrupted
    }

    /// Sends a request without waiting for its reply.
    /// - Returns: its number, which the reply carries.
    package func send(_ method: String, params: JSONValue? = nil) throws(RPCClientError) -> Int64 {
        lastID += 1
        try enqueue(method, params: params, id: .integer(lastID))
        try write()
        return lastID
    }

    /// Waits for the reply to any request sent, or for an interrupt. Notifications are passed over.
    /// - Throws: `RPCClientError.disconnected` if the connection ends first, `.remote` for an error that belongs to no
    ///   request, `.malformed`.
    package func nextReply(interrupt: InterruptWatch? = nil) throws(RPCClientError) -> Arrival {
        while true {
            while !arrived.isEmpty {
                let message = arrived.removeFirst()
                if message["method"] == nil, let reply = try Self.reply(message) { return reply }
            }
            guard !inputEnded else { throw .disconnected(method: "requests in flight") }
            if let interrupt, interrupt.take() { return .interrupted }
            _ = try wait(until: nil, interrupt, [])
        }
    }

    private static func reply(_ message: JSONValue) throws(RPCClientError) -> Arrival? {
        let error = message["error"].flatMap { RPCError(json: $0) }
        guard case .integer(let id)? = message["id"].flatMap({ RequestID($0) }) else {
            guard let error else { return nil }
            throw .remote(error)
        }
        if let error { return .reply(id, .failure(error)) }
        guard let result = message["result"] else { throw .malformed("the daemon's reply has no result") }
        return .reply(id, .success(result))
    }
}
